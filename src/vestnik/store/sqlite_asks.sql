-- What people ask, and what they decide about single messages and deliveries.

-- name: message
SELECT json_array(
    m.id, m.sender_id, m.sender_name, m.text, m.created_at, m.send_at, m.expires_at, m.max_attempts, m.priority,
    m.content_key,
    json_array(t.deferred, t.waiting, t.sending, t.sent, t.delivered, t.read, t.failed, t.unknown, t.cancelled, t.expired)
)
FROM messages AS m
JOIN tallies AS t ON t.message_id = m.id
WHERE m.id = :id

-- name: messages
SELECT json_group_array(json_array(
    m.id, m.sender_id, m.sender_name, m.text, m.created_at, m.send_at, m.expires_at, m.max_attempts, m.priority,
    m.content_key,
    json_array(t.deferred, t.waiting, t.sending, t.sent, t.delivered, t.read, t.failed, t.unknown, t.cancelled, t.expired)
))
FROM json_each(:ids) AS i
CROSS JOIN messages AS m ON m.id = i.value
CROSS JOIN tallies AS t ON t.message_id = m.id

-- name: ids
SELECT json_group_array(message_id)
FROM (SELECT message_id FROM tallies WHERE message_id < :before ORDER BY message_id DESC LIMIT :most)

-- name: ids_by_status
SELECT json_group_array(message_id)
FROM (
    SELECT message_id FROM tallies
    WHERE status = :status AND message_id < :before
    ORDER BY message_id DESC LIMIT :most
)

-- name: ids_by_sender
SELECT json_group_array(message_id)
FROM (
    SELECT message_id FROM tallies
    WHERE sender_id = :sender AND message_id < :before
    ORDER BY message_id DESC LIMIT :most
)

-- name: ids_by_sender_and_status
-- The unary plus keeps the planner to the sender's own messages, of which there are fewer than of a status.
SELECT json_group_array(message_id)
FROM (
    SELECT message_id FROM tallies
    WHERE sender_id = :sender AND +status = :status AND message_id < :before
    ORDER BY message_id DESC LIMIT :most
)

-- name: keys_of_message
SELECT json_group_array(json_array(message_id, ordinal))
FROM (
    SELECT message_id, ordinal FROM deliveries
    WHERE message_id = :id AND ordinal > :after AND (:state IS NULL OR state = :state)
    ORDER BY ordinal LIMIT :most
)

-- name: progress
SELECT json_group_array(json_array(messenger, state, many))
FROM (
    SELECT messenger, state, COUNT(*) AS many FROM deliveries
    WHERE message_id = :id
    GROUP BY messenger, state
    ORDER BY messenger
)

-- name: attempts
SELECT json_group_array(json_array(attempt, started_at, ended_at, ending, code, detail))
FROM (SELECT * FROM attempts WHERE message_id = :id AND ordinal = :ordinal ORDER BY attempt)

-- name: receipts
SELECT json_group_array(json_array(kind, at, code, detail))
FROM receipts
WHERE message_id = :id AND ordinal = :ordinal

-- name: untried
-- How many of a message's deliveries were never attempted, by state.
SELECT json_group_array(json_array(state, number))
FROM (
    SELECT state, count(*) AS number
    FROM deliveries
    WHERE message_id = :id AND attempts = 0 AND state IN (SELECT value FROM json_each(:states))
    GROUP BY state
)

-- name: cancellable
-- How many of a message's deliveries can be cancelled, by the state before and after: what is in doubt may have arrived.
SELECT json_group_array(json_array(before, after, number))
FROM (
    SELECT state AS before, iif(doubt, 'unknown', 'cancelled') AS after, count(*) AS number
    FROM deliveries
    WHERE message_id = :id AND state IN (SELECT value FROM json_each(:states))
    GROUP BY 1, 2
)

-- name: cancel
-- What is in doubt keeps its dedupe slot.
UPDATE deliveries
SET state = iif(doubt, 'unknown', 'cancelled'), due_at = NULL, content_key = iif(doubt, content_key, NULL)
WHERE message_id = :id AND state IN (SELECT value FROM json_each(:states))

-- name: reschedule
UPDATE deliveries
SET state = 'deferred', due_at = :send_at
WHERE message_id = :id AND attempts = 0 AND state IN (SELECT value FROM json_each(:states))

-- name: set_send_at
UPDATE messages SET send_at = :send_at WHERE id = :id

-- name: release_slot
-- Lets go of a slot whose window has passed, unless it is the delivery's own.
UPDATE deliveries
SET content_key = NULL
WHERE content_key = :content_key AND messenger = :messenger AND recipient = :recipient
    AND (message_id <> :id OR ordinal <> :ordinal) AND state NOT IN ('deferred', 'waiting', 'sending')
    AND (SELECT created_at FROM messages WHERE id = deliveries.message_id) <= :accepted_before

-- name: slot_holder
SELECT message_id, ordinal
FROM deliveries
WHERE content_key = :content_key AND messenger = :messenger AND recipient = :recipient
