-- name: last
SELECT max(coalesce((SELECT max(seq) FROM entry), 0), (SELECT value FROM mark WHERE name = 'emptied'))

-- name: take
-- The row of parameters is repeated for as many entries as are taken at once. A row whose key is known is left out.
INSERT INTO entry (
    seq, messenger, bot, inbound, recipient, text, external_id, idempotency_key, failed, at, payload, type, honoured
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING

-- name: report
-- Repeated in the same way, one row for each report that a taken message will bring.
INSERT INTO callback (seq, messenger, bot, recipient, kind, at, due, wait, attempt)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)

-- name: known
-- The first entries of keys, one JSON array [messenger, bot, key] for each.
SELECT json_group_array(json_array(
    seq, messenger, bot, inbound, recipient, text, external_id, idempotency_key, failed, at, payload, entry.type
))
FROM json_each(:keys) AS asked
JOIN entry ON messenger = asked.value ->> 0 AND bot = asked.value ->> 1 AND idempotency_key = asked.value ->> 2
    AND honoured = 1

-- name: entry
SELECT json_group_array(json_array(
    seq, messenger, bot, inbound, recipient, text, external_id, idempotency_key, failed, at, payload, type
))
FROM entry WHERE seq = :seq

-- name: page
SELECT json_group_array(json_array(
    seq, messenger, bot, inbound, recipient, text, external_id, idempotency_key, failed, at, payload, type
))
FROM (
    SELECT * FROM entry
    WHERE seq > :after AND (:inbound IS NULL OR inbound = :inbound) AND (:messenger IS NULL OR messenger = :messenger)
        AND (:bot IS NULL OR bot = :bot) AND (:type IS NULL OR type = :type) AND (:text IS NULL OR text GLOB :text)
        AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)
    ORDER BY seq LIMIT :limit
)

-- name: page_of_recipient
SELECT json_group_array(json_array(
    seq, messenger, bot, inbound, recipient, text, external_id, idempotency_key, failed, at, payload, type
))
FROM (
    SELECT entry.* FROM mailbox CROSS JOIN entry ON entry.seq = mailbox.seq
    WHERE mailbox.messenger IN (SELECT value FROM json_each(:among)) AND mailbox.recipient = :recipient
        AND mailbox.seq > :after AND (:inbound IS NULL OR entry.inbound = :inbound)
        AND (:bot IS NULL OR bot = :bot) AND (:type IS NULL OR type = :type) AND (:text IS NULL OR text GLOB :text)
        AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)
    ORDER BY mailbox.seq LIMIT :limit
)

-- name: last_bot
SELECT entry.bot FROM mailbox CROSS JOIN entry ON entry.seq = mailbox.seq
WHERE mailbox.messenger = :messenger AND mailbox.recipient = :recipient AND entry.inbound = 0
ORDER BY mailbox.seq DESC LIMIT 1

-- name: recipients
-- Phones that were set up or got something, in order, beyond the one named.
SELECT json_group_array(json_array(messenger, recipient))
FROM (
    SELECT * FROM (
        SELECT messenger, recipient FROM phone
        WHERE (messenger, recipient) > (:messenger, :recipient) AND (:only IS NULL OR messenger = :only)
        ORDER BY messenger, recipient LIMIT :limit
    )
    UNION
    SELECT * FROM (
        SELECT DISTINCT messenger, recipient FROM mailbox
        WHERE (messenger, recipient) > (:messenger, :recipient) AND (:only IS NULL OR messenger = :only)
        ORDER BY messenger, recipient LIMIT :limit
    )
    ORDER BY 1, 2 LIMIT :limit
)

-- name: sorted
SELECT value FROM mark WHERE name = 'sorted'

-- name: sort
INSERT INTO mailbox (messenger, recipient, seq)
SELECT messenger, recipient, seq FROM entry WHERE seq > :above AND seq <= :up_to ORDER BY messenger, recipient, seq

-- name: mark
UPDATE mark SET value = :value WHERE name = :name

-- name: empty_entries
DELETE FROM entry

-- name: empty_mailbox
DELETE FROM mailbox

-- name: empty_callbacks
DELETE FROM callback

-- name: empty_phones
DELETE FROM phone

-- name: empty_faults
DELETE FROM fault

-- name: empty_tally
DELETE FROM tally

-- name: empty_records
DELETE FROM record WHERE lasting = 0

-- name: empty_blobs
DELETE FROM blob
