-- Orders that wait together are accepted by one set of statements; a crowd is one parameter.

-- name: release_slots
-- Slots that :deliveries want and whose window has passed. :deliveries holds [content key, messenger, recipient].
UPDATE deliveries
SET content_key = NULL
WHERE state NOT IN ('deferred', 'waiting', 'sending')
    AND (message_id, ordinal) IN (
        SELECT d.message_id, d.ordinal
        FROM json_each(:deliveries) AS r
        CROSS JOIN deliveries AS d
            ON d.content_key = r.value ->> 0 AND d.messenger = r.value ->> 1 AND d.recipient = r.value ->> 2
        CROSS JOIN messages AS m ON m.id = d.message_id
        WHERE m.created_at <= :accepted_before
    )

-- name: add_messages
INSERT INTO messages
    (id, sender_id, sender_name, created_at, send_at, expires_at, max_attempts, priority, content_key, text)
WITH m AS MATERIALIZED (SELECT value FROM json_each(:messages))
SELECT
    value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
    value ->> 9
FROM m

-- name: add_deliveries
-- :groups holds {message:messenger: {ordinal or ordinal:account: identifier}}. Whoever comes second to a slot is left out.
-- What json_each reads from an object is ready, while a row that is an array would be written out again for each of its
-- columns and then parsed.
INSERT INTO deliveries
    (message_id, ordinal, messenger, recipient, account, state, priority, max_attempts, due_at, expires_at, content_key)
SELECT
    m.id, CAST(r.key AS INTEGER), substr(g.key, instr(g.key, ':') + 1), r.value,
    nullif(substr(r.key, instr(r.key, ':') + 1), r.key),
    iif(m.send_at > m.created_at, 'deferred', 'waiting'),
    m.priority, m.max_attempts, max(m.created_at, coalesce(m.send_at, m.created_at)), m.expires_at, m.content_key
FROM json_each(:groups) AS g
CROSS JOIN messages AS m ON m.id = substr(g.key, 1, instr(g.key, ':') - 1)
CROSS JOIN json_each(g.value) AS r
WHERE true
ON CONFLICT (content_key, messenger, recipient) WHERE content_key IS NOT NULL DO NOTHING

-- name: left_out
-- Those of :groups that were left out, and who holds their slots.
SELECT json_group_array(json_array(m.id, CAST(r.key AS INTEGER), d.message_id, d.ordinal))
FROM json_each(:groups) AS g
CROSS JOIN messages AS m ON m.id = substr(g.key, 1, instr(g.key, ':') - 1)
CROSS JOIN json_each(g.value) AS r
CROSS JOIN deliveries AS d
    ON d.content_key = m.content_key AND d.messenger = substr(g.key, instr(g.key, ':') + 1) AND d.recipient = r.value
WHERE d.message_id <> m.id OR d.ordinal <> CAST(r.key AS INTEGER)

-- name: drop_messages
DELETE FROM messages WHERE id IN (SELECT value FROM json_each(:ids))

-- name: add_senders
-- :senders holds [id, name].
INSERT INTO accounts (id, name)
SELECT value ->> 0, coalesce(nullif(value ->> 1, ''), value ->> 0)
FROM json_each(:senders)
WHERE true
ON CONFLICT DO NOTHING

-- name: name_senders
-- A sender who did not say a name in a message goes by that of the account, which may have come in the same batch.
UPDATE messages
SET sender_name = (SELECT a.name FROM accounts AS a WHERE a.id = messages.sender_id)
WHERE id IN (SELECT value FROM json_each(:ids))

-- name: add_tallies
-- :tallies holds [message, sender, deferred, waiting].
INSERT INTO tallies (message_id, sender_id, deferred, waiting)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
FROM json_each(:tallies)

-- name: note_accepted
-- :requests holds [key, message].
UPDATE requests
SET message_id = r.value ->> 1
FROM json_each(:requests) AS r
WHERE requests.key = r.value ->> 0
