-- The twin of sqlite_asks.sql: what people ask, and what they decide about single messages and deliveries.

-- name: message
SELECT
    m.id, m.sender_id, m.sender_name, m.text, m.created_at, m.send_at, m.expires_at, m.max_attempts, m.priority,
    m.content_key,
    ARRAY[t.deferred, t.waiting, t.sending, t.sent, t.delivered, t.read, t.failed, t.unknown, t.cancelled, t.expired]
FROM messages AS m
JOIN tallies AS t ON t.message_id = m.id
WHERE m.id = $1

-- name: messages
SELECT
    m.id, m.sender_id, m.sender_name, m.text, m.created_at, m.send_at, m.expires_at, m.max_attempts, m.priority,
    m.content_key,
    ARRAY[t.deferred, t.waiting, t.sending, t.sent, t.delivered, t.read, t.failed, t.unknown, t.cancelled, t.expired]
FROM unnest($1::text[]) WITH ORDINALITY AS i (id, place)
JOIN messages AS m ON m.id = i.id
JOIN tallies AS t ON t.message_id = m.id
ORDER BY i.place

-- name: ids
SELECT message_id FROM tallies WHERE message_id < $1 ORDER BY message_id DESC LIMIT $2

-- name: ids_by_status
SELECT message_id FROM tallies
WHERE status = $3 AND message_id < $1
ORDER BY message_id DESC LIMIT $2

-- name: ids_by_sender
SELECT message_id FROM tallies
WHERE sender_id = $3 AND message_id < $1
ORDER BY message_id DESC LIMIT $2

-- name: ids_by_sender_and_status
-- The empty addition keeps the planner to the sender's own messages, of which there are fewer than of a status.
SELECT message_id FROM tallies
WHERE sender_id = $3 AND status || '' = $4 AND message_id < $1
ORDER BY message_id DESC LIMIT $2

-- name: keys_of_message
SELECT message_id, ordinal FROM deliveries
WHERE message_id = $1 AND ordinal > $2 AND ($3::text IS NULL OR state = $3)
ORDER BY ordinal LIMIT $4

-- name: progress
SELECT messenger, state, count(*) FROM deliveries
WHERE message_id = $1
GROUP BY messenger, state
ORDER BY messenger

-- name: attempts
SELECT attempt, started_at, ended_at, ending, code, detail
FROM attempts
WHERE message_id = $1 AND ordinal = $2
ORDER BY attempt

-- name: receipts
SELECT kind, at, code, detail
FROM receipts
WHERE message_id = $1 AND ordinal = $2

-- name: untried
-- How many of a message's deliveries were never attempted, by state. They are locked: nobody may begin an attempt in
-- between.
SELECT state, count(*)
FROM (
    SELECT state FROM deliveries
    WHERE message_id = $1 AND attempts = 0 AND state = ANY ($2::text[])
    ORDER BY ordinal
    FOR UPDATE
) AS found
GROUP BY state

-- name: cancel
-- What is in doubt may have arrived and keeps its dedupe slot. The answer is what has changed, by the state before and
-- after.
WITH found AS (
    SELECT message_id, ordinal, state FROM deliveries
    WHERE message_id = $1 AND state = ANY ($2::text[])
    ORDER BY ordinal
    FOR UPDATE
), changed AS (
    UPDATE deliveries AS d
    SET state = CASE WHEN d.doubt THEN 'unknown' ELSE 'cancelled' END, due_at = NULL,
        content_key = CASE WHEN d.doubt THEN d.content_key END
    FROM found AS f
    WHERE d.message_id = f.message_id AND d.ordinal = f.ordinal
    RETURNING f.state AS before, d.state AS after
)
SELECT before, after, count(*) FROM changed GROUP BY before, after

-- name: reschedule
UPDATE deliveries
SET state = 'deferred', due_at = $3
WHERE message_id = $1 AND attempts = 0 AND state = ANY ($2::text[])

-- name: set_send_at
UPDATE messages SET send_at = $2 WHERE id = $1

-- name: release_slot
-- Lets go of a slot whose window has passed, unless it is the delivery's own: $1 content key, $2 messenger,
-- $3 recipient, $4 message, $5 ordinal, $6 accepted before. It does not wait for a row while it holds another.
WITH held AS (
    SELECT d.message_id, d.ordinal
    FROM deliveries AS d
    JOIN messages AS m ON m.id = d.message_id
    WHERE d.content_key = $1 AND d.messenger = $2 AND d.recipient = $3
        AND (d.message_id <> $4 OR d.ordinal <> $5) AND d.state NOT IN ('deferred', 'waiting', 'sending')
        AND m.created_at <= $6
    FOR UPDATE OF d NOWAIT
)
UPDATE deliveries AS d
SET content_key = NULL
FROM held AS h
WHERE d.message_id = h.message_id AND d.ordinal = h.ordinal

-- name: slot_holder
SELECT message_id, ordinal
FROM deliveries
WHERE content_key = $1 AND messenger = $2 AND recipient = $3
