-- The twin of sqlite_lanes.sql. Several processes claim at once: they pass over each other's rows instead of waiting.
-- Each selection names the condition of its partial index word for word; only so is it used.

-- name: due
-- One row for each lane, in order: how much of each priority is due, up to the limit and one; when the next of it will
-- be; when the next deferred one of its messenger will be or was. Nothing is locked, so what another process has just
-- taken may be counted; `lease` is what decides. $1 messengers, $2 suspects, $3 now, $4 the most.
SELECT
    (
        SELECT count(*) FROM (
            SELECT 1 FROM deliveries
            WHERE state = 'waiting' AND messenger = l.messenger AND suspect = l.suspect AND priority = 0
                AND due_at <= l.now AND (expires_at IS NULL OR expires_at > l.now)
            LIMIT l.most
        ) AS high
    ),
    (
        SELECT count(*) FROM (
            SELECT 1 FROM deliveries
            WHERE state = 'waiting' AND messenger = l.messenger AND suspect = l.suspect AND priority = 1
                AND due_at <= l.now AND (expires_at IS NULL OR expires_at > l.now)
            LIMIT l.most
        ) AS normal
    ),
    (
        SELECT count(*) FROM (
            SELECT 1 FROM deliveries
            WHERE state = 'waiting' AND messenger = l.messenger AND suspect = l.suspect AND priority = 2
                AND due_at <= l.now AND (expires_at IS NULL OR expires_at > l.now)
            LIMIT l.most
        ) AS bulk
    ),
    (
        SELECT min((
            SELECT due_at FROM deliveries
            WHERE state = 'waiting' AND messenger = l.messenger AND suspect = l.suspect AND priority = p.priority
                AND due_at > l.now AND (expires_at IS NULL OR expires_at > l.now)
            ORDER BY due_at
            LIMIT 1
        ))
        FROM unnest('{0,1,2}'::smallint[]) AS p (priority)
    ),
    (
        SELECT due_at FROM deliveries
        WHERE state = 'deferred' AND messenger = l.messenger AND (expires_at IS NULL OR expires_at > l.now)
        ORDER BY due_at
        LIMIT 1
    )
FROM unnest($1::text[], $2::boolean[], $3::bigint[], $4::int[])
    WITH ORDINALITY AS l (messenger, suspect, now, most, place)
ORDER BY l.place

-- name: due_alone
-- The same for all priorities of a lane at once. $1 messenger, $2 suspects, $3 now, $4 the most of each.
SELECT d.priority, d.message_id, d.ordinal, d.recipient
FROM unnest('{0,1,2}'::smallint[]) WITH ORDINALITY AS p (priority, place)
CROSS JOIN LATERAL (
    SELECT priority, message_id, ordinal, recipient, due_at
    FROM deliveries AS w
    WHERE state = 'waiting' AND messenger = $1 AND suspect = $2 AND priority = p.priority
        AND due_at <= $3 AND (expires_at IS NULL OR expires_at > $3)
        AND NOT EXISTS (
            SELECT 1 FROM deliveries AS o
            WHERE o.state = 'sending' AND o.messenger = w.messenger AND o.recipient = w.recipient
        )
    ORDER BY due_at, message_id, ordinal
    LIMIT $4
) AS d
ORDER BY d.priority, d.due_at, d.message_id, d.ordinal

-- name: one_by_one
-- Of a messenger that may send only one at a time to a recipient, two processes may not choose at once: neither would
-- see what the other has chosen. $1 the class of the lock, $2 the messenger.
SELECT pg_advisory_xact_lock($1, hashtext($2))

-- name: ripe
-- Deferred deliveries that have come due: $1 messengers, $2 now, $3 the most. Those that another process makes wait at
-- this moment are passed over.
SELECT d.message_id, d.ordinal
FROM unnest($1::text[], $2::bigint[]) AS l (messenger, now)
CROSS JOIN LATERAL (
    SELECT message_id, ordinal FROM deliveries
    WHERE state = 'deferred' AND messenger = l.messenger AND due_at <= l.now
        AND (expires_at IS NULL OR expires_at > l.now)
    ORDER BY due_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
) AS d
LIMIT $3

-- name: ripen
UPDATE deliveries AS d
SET state = 'waiting'
FROM unnest($1::text[], $2::int[]) AS k (message_id, ordinal)
WHERE d.message_id = k.message_id AND d.ordinal = k.ordinal

-- name: lease
-- The first so many of each lane and priority that nobody else holds, counted, with what their messages say and the
-- number of the transaction: $1 messengers, $2 suspects, $3 priorities, $4 how many, $5 lease until, $6 now. SQLite
-- leases keys that it has read before; here they would be others' by now.
WITH picked AS MATERIALIZED (
    SELECT d.message_id, d.ordinal, l.lease_until, l.now
    FROM unnest($1::text[], $2::boolean[], $3::smallint[], $4::int[], $5::bigint[], $6::bigint[])
        AS l (messenger, suspect, priority, many, lease_until, now)
    CROSS JOIN LATERAL (
        SELECT message_id, ordinal FROM deliveries
        WHERE state = 'waiting' AND messenger = l.messenger AND suspect = l.suspect AND priority = l.priority
            AND due_at <= l.now AND (expires_at IS NULL OR expires_at > l.now)
        ORDER BY due_at, message_id, ordinal
        LIMIT l.many
        FOR UPDATE SKIP LOCKED
    ) AS d
), leased AS (
    UPDATE deliveries AS d
    SET state = 'sending', attempts = d.attempts + 1, lease_until = p.lease_until, claimed_at = p.now
    FROM picked AS p
    WHERE d.message_id = p.message_id AND d.ordinal = p.ordinal
    RETURNING
        d.message_id, d.ordinal, d.messenger, d.recipient, d.account, d.state, d.priority, d.attempts, d.max_attempts,
        d.due_at, d.lease_until, d.claimed_at, d.expires_at, d.external_id, d.code, d.detail, d.doubt, d.suspect,
        d.content_key, d.issue
), mine AS (
    SELECT t.message_id, k.many
    FROM (SELECT message_id, count(*) AS many FROM leased GROUP BY message_id) AS k
    JOIN tallies AS t ON t.message_id = k.message_id
    ORDER BY t.message_id
    FOR UPDATE OF t
), counted AS (
    UPDATE tallies AS t
    SET waiting = t.waiting - m.many, sending = t.sending + m.many
    FROM mine AS m
    WHERE t.message_id = m.message_id
)
SELECT l.*, m.sender_id, m.sender_name, m.text, pg_current_xact_id()::text
FROM leased AS l
JOIN messages AS m ON m.id = l.message_id

-- name: lease_keys
-- These, as far as they still wait: $1 messages, $2 ordinals, $3 lease until, $4 now. Written so, the state gives the
-- planner no index of all that waits in place of the key.
WITH picked AS MATERIALIZED (
    SELECT d.message_id, d.ordinal
    FROM unnest($1::text[], $2::int[]) AS k (message_id, ordinal)
    JOIN deliveries AS d ON d.message_id = k.message_id AND d.ordinal = k.ordinal
    WHERE d.state || '' = 'waiting'
    ORDER BY d.message_id, d.ordinal
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE deliveries AS d
SET state = 'sending', attempts = d.attempts + 1, lease_until = $3, claimed_at = $4
FROM picked AS p
WHERE d.message_id = p.message_id AND d.ordinal = p.ordinal
RETURNING
    d.message_id, d.ordinal, d.messenger, d.recipient, d.account, d.state, d.priority, d.attempts, d.max_attempts,
    d.due_at, d.lease_until, d.claimed_at, d.expires_at, d.external_id, d.code, d.detail, d.doubt, d.suspect,
    d.content_key, d.issue

-- name: orphans
SELECT message_id, ordinal
FROM deliveries
WHERE state = 'sending' AND lease_until <= $1
ORDER BY lease_until, message_id, ordinal
LIMIT $2

-- name: expiring
-- What is to expire, locked; SQLite reads in the same statement when the next one will be.
SELECT message_id, ordinal
FROM deliveries
WHERE state IN ('deferred', 'waiting') AND expires_at IS NOT NULL AND expires_at <= $1
ORDER BY expires_at, message_id, ordinal
LIMIT $2
FOR UPDATE SKIP LOCKED

-- name: next_expiry
-- When the next one will be to expire; what is being sent may be waiting again by then.
SELECT least(
    (
        SELECT expires_at FROM deliveries
        WHERE state IN ('deferred', 'waiting') AND expires_at IS NOT NULL
        ORDER BY expires_at
        LIMIT 1
    ),
    (SELECT min(expires_at) FROM deliveries WHERE state = 'sending' AND expires_at > $1)
)
