-- What is let go of when its time is over. A batch is of so many deliveries, or of one message with more; each selection
-- names the expression and the condition of its index word for word.

-- name: finished
-- Messages that have their text and are finished, oldest first; a few that are not may stand before them.
SELECT json_group_array(id)
FROM (
    SELECT id, sum(size) OVER (ORDER BY age, id) - size AS ahead
    FROM (
        SELECT m.id, max(m.created_at, coalesce(m.send_at, 0)) AS age,
            t.sent + t.delivered + t.read + t.failed + t.unknown + t.cancelled + t.expired AS size
        FROM messages AS m INDEXED BY messages_with_text
        CROSS JOIN tallies AS t ON t.message_id = m.id
        WHERE m.text <> '' AND max(m.created_at, coalesce(m.send_at, 0)) <= :before
            AND t.deferred + t.waiting + t.sending = 0
        ORDER BY max(m.created_at, coalesce(m.send_at, 0))
        LIMIT :most
    )
)
WHERE ahead < :most

-- name: bygone
-- The same of those that have let go of their text; what was sent and not reported or is in doubt stays longer, and so
-- does what is yet to be told to whoever asked for it under an Idempotency-Key.
SELECT json_group_array(id)
FROM (
    SELECT id, sum(size) OVER (ORDER BY age, id) - size AS ahead
    FROM (
        SELECT m.id, max(m.created_at, coalesce(m.send_at, 0)) AS age,
            t.sent + t.delivered + t.read + t.failed + t.unknown + t.cancelled + t.expired AS size
        FROM messages AS m INDEXED BY messages_without_text
        CROSS JOIN tallies AS t ON t.message_id = m.id
        WHERE m.text = '' AND max(m.created_at, coalesce(m.send_at, 0)) <= :before
            AND t.deferred + t.waiting + t.sending = 0
            AND (
                max(m.created_at, coalesce(m.send_at, 0)) <= :unreported_before
                OR t.sent = 0 AND NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.message_id = m.id AND d.doubt = 1)
            )
            AND NOT EXISTS (SELECT 1 FROM requests AS r WHERE r.message_id = m.id AND r.status IS NULL)
        ORDER BY max(m.created_at, coalesce(m.send_at, 0))
        LIMIT :most
    )
)
WHERE ahead < :most

-- name: drop_texts
UPDATE messages SET text = '' WHERE id IN (SELECT value FROM json_each(:ids))

-- name: drop_attempts
DELETE FROM attempts WHERE message_id IN (SELECT value FROM json_each(:ids))

-- name: drop_receipts
DELETE FROM receipts WHERE message_id IN (SELECT value FROM json_each(:ids))

-- name: drop_deliveries
DELETE FROM deliveries WHERE message_id IN (SELECT value FROM json_each(:ids))

-- name: drop_tallies
DELETE FROM tallies WHERE message_id IN (SELECT value FROM json_each(:ids))

-- name: drop_messages
DELETE FROM messages WHERE id IN (SELECT value FROM json_each(:ids))
