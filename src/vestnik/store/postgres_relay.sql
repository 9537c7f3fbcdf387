-- The twin of sqlite_relay.sql. What is named is found by its key: written as `state || ''`, the state gives the planner
-- no index of what waits, in which it would look for each of a hundred keys among all that is due.

-- name: waiting
-- What is due for a lane in each priority, beside what is held; SQLite is asked for one priority at a time.
-- $1 messenger, $2 suspects, $3 now, $4 the most, $5 and $6 messages and ordinals that are held, $7 whether only for those to whom
-- nothing is being sent.
SELECT p.priority, d.message_id, d.ordinal, d.recipient
FROM unnest('{0,1,2}'::smallint[]) AS p (priority)
CROSS JOIN LATERAL (
    SELECT message_id, ordinal, recipient, due_at FROM deliveries AS w
    WHERE state = 'waiting' AND messenger = $1 AND suspect = $2 AND priority = p.priority
        AND due_at <= $3 AND (expires_at IS NULL OR expires_at > $3)
        AND (message_id, ordinal) NOT IN (SELECT * FROM unnest($5::text[], $6::int[]))
        AND NOT ($7::boolean AND EXISTS (
            SELECT 1 FROM deliveries AS o
            WHERE o.state = 'sending' AND o.messenger = w.messenger AND o.recipient = w.recipient
        ))
    ORDER BY due_at, message_id, ordinal
    LIMIT $4
) AS d
ORDER BY p.priority, d.due_at, d.message_id, d.ordinal

-- name: backlog
-- For each of the messengers $1 since when its longest waiting is due, and how many are being sent.
SELECT
    m.name,
    (
        SELECT min(w.due_at)
        FROM unnest('{false,true}'::boolean[]) AS s (suspect)
        CROSS JOIN unnest('{0,1,2}'::smallint[]) AS p (priority)
        CROSS JOIN LATERAL (
            SELECT due_at FROM deliveries
            WHERE state = 'waiting' AND messenger = m.name AND suspect = s.suspect AND priority = p.priority
            ORDER BY due_at, message_id, ordinal
            LIMIT 1
        ) AS w
    ),
    (SELECT count(*) FROM deliveries WHERE state = 'sending' AND messenger = m.name)
FROM unnest($1::text[]) AS m (name)

-- name: claimable
-- Which of these could be claimed: $1 messages, $2 ordinals, $3 messenger, $4 now, $5 as $7 above.
SELECT d.message_id, d.ordinal, d.recipient
FROM unnest($1::text[], $2::int[]) AS k (message_id, ordinal)
INNER JOIN deliveries AS d ON d.message_id = k.message_id AND d.ordinal = k.ordinal
WHERE d.state || '' = 'waiting' AND d.messenger = $3 AND d.due_at <= $4 AND (d.expires_at IS NULL OR d.expires_at > $4)
    AND NOT ($5::boolean AND EXISTS (
        SELECT 1 FROM deliveries AS o
        WHERE o.state = 'sending' AND o.messenger = d.messenger AND o.recipient = d.recipient
    ))
ORDER BY d.message_id, d.ordinal

-- name: claim_these
-- Leases those of the named that could be claimed and that nobody else holds; SQLite needs no statement for it.
-- $1 messages, $2 ordinals, $3 messenger, $4 now, $5 lease until.
WITH picked AS MATERIALIZED (
    SELECT d.message_id, d.ordinal
    FROM unnest($1::text[], $2::int[]) AS k (message_id, ordinal)
    INNER JOIN deliveries AS d ON d.message_id = k.message_id AND d.ordinal = k.ordinal
    WHERE d.state || '' = 'waiting' AND d.messenger = $3 AND d.due_at <= $4 AND (d.expires_at IS NULL OR d.expires_at > $4)
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE deliveries AS d
SET state = 'sending', attempts = d.attempts + 1, lease_until = $5, claimed_at = $4
FROM picked AS p
WHERE d.message_id = p.message_id AND d.ordinal = p.ordinal
RETURNING
    d.message_id, d.ordinal, d.messenger, d.recipient, d.account, d.state, d.priority, d.attempts, d.max_attempts,
    d.due_at, d.lease_until, d.claimed_at, d.expires_at, d.external_id, d.code, d.detail, d.doubt, d.suspect,
    d.content_key, d.issue

-- name: take_the_lead
-- Held by the connection for as long as it lasts; false while another one leads.
SELECT pg_try_advisory_lock($1, 0)

-- name: still_there
SELECT 1
