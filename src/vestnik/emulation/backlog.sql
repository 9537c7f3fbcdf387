-- name: bots
SELECT json_group_array(json_array(messenger, bot)) FROM (SELECT DISTINCT messenger, bot FROM callback)

-- name: due
-- What one bot is to be told by now, in order, and when there will be more.
SELECT
    (
        SELECT json_group_array(json_array(id, kind, told_at, due, attempt, json_array(
            seq, messenger, bot, inbound, recipient, text, external_id, idempotency_key, failed, at, payload, type
        )))
        FROM (
            SELECT callback.id, callback.kind, callback.at AS told_at, callback.due, callback.attempt, entry.*
            FROM callback CROSS JOIN entry ON entry.seq = callback.seq
            WHERE callback.messenger = :messenger AND callback.bot = :bot AND callback.due <= :now
            ORDER BY callback.due, callback.id LIMIT :limit
        )
    ),
    (SELECT min(due) FROM callback WHERE messenger = :messenger AND bot = :bot AND due > :now)

-- name: done
DELETE FROM callback WHERE id IN (SELECT value FROM json_each(:ids))

-- name: again
-- Each element is [id, when to try again, how often it was tried now].
UPDATE callback SET due = later.value ->> 1, attempt = attempt + (later.value ->> 2)
FROM json_each(:later) AS later WHERE callback.id = later.value ->> 0

-- name: drop
DELETE FROM callback WHERE messenger = :messenger AND bot = :bot

-- name: held
-- The planner would rather read all that waits for any phone of the messenger.
SELECT json_group_array(bot)
FROM (
    SELECT DISTINCT bot FROM callback INDEXED BY callback_held
    WHERE messenger = :messenger AND recipient = :recipient AND due IS NULL
)

-- name: release
UPDATE callback SET at = :now + wait, due = :now + wait
WHERE messenger = :messenger AND recipient = :recipient AND due IS NULL

-- name: last
SELECT coalesce(max(seq), 0) FROM mailbox WHERE messenger = :messenger AND recipient = :recipient

-- name: report
INSERT INTO callback (seq, messenger, bot, recipient, kind, at, due, wait, attempt)
SELECT entry.seq, entry.messenger, entry.bot, entry.recipient, :kind, :now, :now, 0, 0
FROM mailbox CROSS JOIN entry ON entry.seq = mailbox.seq
WHERE mailbox.messenger = :messenger AND mailbox.recipient = :recipient
    AND mailbox.seq > :above AND mailbox.seq <= :up_to
    AND entry.bot = :bot AND entry.inbound = 0 AND entry.failed IS NULL
ORDER BY entry.seq

-- name: unread
DELETE FROM callback
WHERE messenger = :messenger AND bot = :bot AND due > :now AND recipient = :recipient
    AND kind = :kind AND at > :now AND seq <= :up_to
