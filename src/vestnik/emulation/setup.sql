-- name: phones
SELECT json_group_array(json_array(messenger, recipient, online, blocked, reads_after)) FROM phone

-- name: put_phone
INSERT INTO phone (messenger, recipient, online, blocked, reads_after)
VALUES (:messenger, :recipient, :online, :blocked, :reads_after)
ON CONFLICT (messenger, recipient) DO UPDATE
SET online = excluded.online, blocked = excluded.blocked, reads_after = excluded.reads_after

-- name: bots
SELECT json_group_array(json_array(messenger, bot, token)) FROM bot

-- name: put_bot
INSERT INTO bot (messenger, bot, token) VALUES (:messenger, :bot, :token)
ON CONFLICT (messenger, bot) DO UPDATE SET token = excluded.token

-- name: drop_bot
DELETE FROM bot WHERE messenger = :messenger AND bot = :bot

-- name: webhooks
SELECT json_group_array(json_array(messenger, bot, json(details))) FROM webhook

-- name: put_webhook
INSERT INTO webhook (messenger, bot, details) VALUES (:messenger, :bot, :details)
ON CONFLICT (messenger, bot) DO UPDATE SET details = excluded.details

-- name: drop_webhook
DELETE FROM webhook WHERE messenger = :messenger AND bot = :bot

-- name: faults
SELECT json_group_array(json_array(position, json(details), remaining))
FROM (SELECT position, details, remaining FROM fault ORDER BY position)

-- name: drop_faults
DELETE FROM fault

-- name: put_faults
-- Positions are not used again, so that what is told of a rule late never concerns the one in its place.
INSERT INTO fault (position, details, remaining)
SELECT value ->> 0, value -> 1, value ->> 2 FROM json_each(:rules)

-- name: spend_fault
UPDATE fault SET remaining = remaining - 1 WHERE position = :position AND remaining > 0
