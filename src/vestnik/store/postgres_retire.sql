-- The twin of sqlite_retire.sql. Messages are locked first and looked at again then: a retry holds a message's text while
-- it makes its delivery wait, so that nothing waits for a text that is gone.

-- name: finished
-- $1 before, $2 the most deliveries. What another process lets go of at this moment is passed over.
WITH old AS MATERIALIZED (
    SELECT m.id, greatest(m.created_at, coalesce(m.send_at, 0)) AS age,
        t.sent + t.delivered + t.read + t.failed + t.unknown + t.cancelled + t.expired AS size
    FROM messages AS m
    JOIN tallies AS t ON t.message_id = m.id
    WHERE m.text <> '' AND greatest(m.created_at, coalesce(m.send_at, 0)) <= $1
        AND t.deferred + t.waiting + t.sending = 0
    ORDER BY greatest(m.created_at, coalesce(m.send_at, 0))
    LIMIT $2
    FOR UPDATE OF m SKIP LOCKED
)
SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY age, id) - size AS ahead FROM old) AS o WHERE ahead < $2

-- name: bygone
WITH old AS MATERIALIZED (
    SELECT m.id, greatest(m.created_at, coalesce(m.send_at, 0)) AS age,
        t.sent + t.delivered + t.read + t.failed + t.unknown + t.cancelled + t.expired AS size
    FROM messages AS m
    JOIN tallies AS t ON t.message_id = m.id
    WHERE m.text = '' AND greatest(m.created_at, coalesce(m.send_at, 0)) <= $1
        AND t.deferred + t.waiting + t.sending = 0
        AND (
            greatest(m.created_at, coalesce(m.send_at, 0)) <= $3
            OR t.sent = 0 AND NOT EXISTS (SELECT FROM deliveries AS d WHERE d.message_id = m.id AND d.doubt)
        )
        AND NOT EXISTS (SELECT FROM requests AS r WHERE r.message_id = m.id AND r.status IS NULL)
    ORDER BY greatest(m.created_at, coalesce(m.send_at, 0))
    LIMIT $2
    FOR UPDATE OF m SKIP LOCKED
)
SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY age, id) - size AS ahead FROM old) AS o WHERE ahead < $2

-- name: still_finished
-- Those of $1 that nobody has begun again since they were found.
SELECT message_id FROM tallies WHERE message_id = ANY ($1::text[]) AND deferred + waiting + sending = 0

-- name: keep_text
-- The text of $1 stays until this transaction ends.
SELECT FROM messages WHERE id = $1 FOR SHARE

-- name: drop_texts
UPDATE messages SET text = '' WHERE id = ANY ($1::text[])

-- name: drop_attempts
DELETE FROM attempts WHERE message_id = ANY ($1::text[])

-- name: drop_receipts
DELETE FROM receipts WHERE message_id = ANY ($1::text[])

-- name: drop_deliveries
DELETE FROM deliveries WHERE message_id = ANY ($1::text[])

-- name: drop_tallies
DELETE FROM tallies WHERE message_id = ANY ($1::text[])

-- name: drop_messages
DELETE FROM messages WHERE id = ANY ($1::text[])
