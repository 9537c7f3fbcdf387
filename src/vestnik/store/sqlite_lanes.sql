-- What lanes ask for. Each selection names the condition of its partial index word for word; only so is it used.

-- name: due
-- One row for each of :lanes, which holds [messenger, suspects, now]: what is due for it in each priority, when the next
-- of it will be, and when the next deferred one of its messenger will be or was.
SELECT
    (
        SELECT json_group_array(json_array(message_id, ordinal))
        FROM (
            SELECT message_id, ordinal
            FROM deliveries
            WHERE state = 'waiting' AND messenger = l.value ->> 0 AND suspect = l.value ->> 1 AND priority = 0
                AND due_at <= l.value ->> 2 AND (expires_at IS NULL OR expires_at > l.value ->> 2)
            ORDER BY due_at, message_id, ordinal
            LIMIT :most
        )
    ),
    (
        SELECT json_group_array(json_array(message_id, ordinal))
        FROM (
            SELECT message_id, ordinal
            FROM deliveries
            WHERE state = 'waiting' AND messenger = l.value ->> 0 AND suspect = l.value ->> 1 AND priority = 1
                AND due_at <= l.value ->> 2 AND (expires_at IS NULL OR expires_at > l.value ->> 2)
            ORDER BY due_at, message_id, ordinal
            LIMIT :most
        )
    ),
    (
        SELECT json_group_array(json_array(message_id, ordinal))
        FROM (
            SELECT message_id, ordinal
            FROM deliveries
            WHERE state = 'waiting' AND messenger = l.value ->> 0 AND suspect = l.value ->> 1 AND priority = 2
                AND due_at <= l.value ->> 2 AND (expires_at IS NULL OR expires_at > l.value ->> 2)
            ORDER BY due_at, message_id, ordinal
            LIMIT :most
        )
    ),
    (
        SELECT min((
            SELECT due_at
            FROM deliveries
            WHERE state = 'waiting' AND messenger = l.value ->> 0 AND suspect = l.value ->> 1 AND priority = p.value
                AND due_at > l.value ->> 2 AND (expires_at IS NULL OR expires_at > l.value ->> 2)
            ORDER BY due_at
            LIMIT 1
        ))
        FROM json_each('[0, 1, 2]') AS p
    ),
    (
        SELECT due_at
        FROM deliveries
        WHERE state = 'deferred' AND messenger = l.value ->> 0 AND (expires_at IS NULL OR expires_at > l.value ->> 2)
        ORDER BY due_at
        LIMIT 1
    )
FROM json_each(:lanes) AS l

-- name: due_alone
-- What is due for a lane in one priority and not for somebody to whom something is being sent. That is never more than
-- lanes have slots, so it is looked through for each.
SELECT message_id, ordinal, recipient
FROM deliveries AS d
WHERE state = 'waiting' AND messenger = :messenger AND suspect = :suspects AND priority = :priority
    AND due_at <= :now AND (expires_at IS NULL OR expires_at > :now)
    AND NOT EXISTS (
        SELECT 1 FROM deliveries AS o
        WHERE o.state = 'sending' AND o.messenger = d.messenger AND o.recipient = d.recipient
    )
ORDER BY due_at, message_id, ordinal
LIMIT :most

-- name: ripe
-- Deferred deliveries that have come due, those of the first lane first and in order of time, as the index has them;
-- to sort a whole crowd that came due at once for each bounded share of it would be dear. :lanes holds [messenger, now].
SELECT json_group_array(json_array(message_id, ordinal))
FROM (
    SELECT d.message_id, d.ordinal
    FROM json_each(:lanes) AS l
    CROSS JOIN deliveries AS d
    WHERE d.state = 'deferred' AND d.messenger = l.value ->> 0 AND d.due_at <= l.value ->> 1
        AND (d.expires_at IS NULL OR d.expires_at > l.value ->> 1)
    LIMIT :most
)

-- name: ripen
UPDATE deliveries
SET state = 'waiting'
FROM json_each(:keys) AS k
WHERE deliveries.message_id = k.value ->> 0 AND deliveries.ordinal = k.value ->> 1

-- name: lease
-- :keys holds [message, ordinal, lease until, now].
WITH k AS MATERIALIZED (SELECT value FROM json_each(:keys))
UPDATE deliveries
SET state = 'sending', attempts = attempts + 1, lease_until = k.value ->> 2, claimed_at = k.value ->> 3
FROM k
WHERE deliveries.message_id = k.value ->> 0 AND deliveries.ordinal = k.value ->> 1

-- name: orphans
SELECT json_group_array(json_array(message_id, ordinal))
FROM (
    SELECT message_id, ordinal
    FROM deliveries
    WHERE state = 'sending' AND lease_until <= :lease_until
    ORDER BY lease_until, message_id, ordinal
    LIMIT :most
)

-- name: expiring
-- One more than is asked for tells when the next one will be; what is being sent may be waiting again by then, and is
-- never more than lanes have slots, so it is read whole.
SELECT
    (
        SELECT json_group_array(json_array(expires_at, message_id, ordinal))
        FROM (
            SELECT expires_at, message_id, ordinal
            FROM deliveries
            WHERE state IN ('deferred', 'waiting') AND expires_at IS NOT NULL
            ORDER BY expires_at, message_id, ordinal
            LIMIT :most
        )
    ),
    (SELECT min(expires_at) FROM deliveries WHERE state = 'sending' AND expires_at > :now)
