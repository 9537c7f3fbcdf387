-- What must never be true of a sound file. Each question answers how many there are and names one; its own name is the
-- finding. `contents` tells what there is.

-- name: contents
SELECT 'messages on phones', (SELECT count(*) FROM entry WHERE inbound = 0)
UNION ALL SELECT 'messages to bots', (SELECT count(*) FROM entry WHERE inbound = 1)
UNION ALL SELECT 'reports that wait', (SELECT count(*) FROM callback)

-- name: messengers_whose_counters_differ_from_their_rows
-- Some messengers may have nothing but a counter of 0, some nothing at all.
SELECT count(*), min(messenger)
FROM (
    SELECT messenger, sum(taken) AS taken, sum(pending) AS pending
    FROM (
        SELECT messenger, taken, pending FROM tally
        UNION ALL SELECT messenger, -count(*), 0 FROM entry WHERE inbound = 0 GROUP BY messenger
        UNION ALL SELECT messenger, 0, -count(*) FROM callback GROUP BY messenger
    )
    GROUP BY messenger
)
WHERE taken <> 0 OR pending <> 0

-- name: reports_about_no_message
SELECT count(*), min(id) FROM callback WHERE seq NOT IN (SELECT seq FROM entry)

-- name: places_in_a_mailbox_without_a_message
SELECT count(*), min(seq) FROM mailbox WHERE seq NOT IN (SELECT seq FROM entry)

-- name: messages_missing_in_a_mailbox
SELECT count(*), min(e.seq)
FROM entry AS e
LEFT JOIN mailbox AS m ON m.messenger = e.messenger AND m.recipient = e.recipient AND m.seq = e.seq
WHERE m.seq IS NULL AND e.seq <= (SELECT value FROM mark WHERE name = 'sorted')

-- name: messages_numbered_as_if_they_had_been_forgotten
SELECT count(*), min(seq) FROM entry WHERE seq <= (SELECT value FROM mark WHERE name = 'emptied')

-- name: two_messages_under_one_honoured_key
-- The unique index forbids it; this does not rely on the index.
SELECT coalesce(sum(holders), 0), min(one)
FROM (
    SELECT count(*) AS holders, min(seq) AS one
    FROM entry NOT INDEXED
    WHERE honoured = 1
    GROUP BY messenger, bot, idempotency_key
    HAVING count(*) > 1
)

-- name: files_whose_size_is_wrong
SELECT count(*), min(key) FROM blob WHERE size <> length(content)

-- name: documents_that_are_no_json
SELECT count(*), min(one)
FROM (
    SELECT key AS one, value FROM record
    UNION ALL SELECT bot, details FROM webhook
    UNION ALL SELECT position, details FROM fault
    UNION ALL SELECT seq, payload FROM entry
)
WHERE json_valid(value) = 0
