-- All that there is, table by table: read from one file and put into another with the same schema. A table's place in
-- this list is that in which it is filled.

-- name: stamp
-- When the copy was made, for whoever reads it; no world keeps it.
INSERT INTO mark (name, value) VALUES ('saved_at', :now)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: stamped
SELECT value FROM mark WHERE name = 'saved_at'

-- name: unstamp
DELETE FROM mark WHERE name = 'saved_at'

-- name: schema
SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name

-- name: version
SELECT user_version FROM pragma_user_version

-- name: empty_entry
DELETE FROM entry

-- name: read_entry
SELECT * FROM entry

-- name: put_entry
INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: empty_mailbox
DELETE FROM mailbox

-- name: read_mailbox
SELECT * FROM mailbox

-- name: put_mailbox
INSERT INTO mailbox VALUES (?, ?, ?)

-- name: empty_callback
DELETE FROM callback

-- name: read_callback
SELECT * FROM callback

-- name: put_callback
INSERT INTO callback VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: empty_phone
DELETE FROM phone

-- name: read_phone
SELECT * FROM phone

-- name: put_phone
INSERT INTO phone VALUES (?, ?, ?, ?, ?)

-- name: empty_bot
DELETE FROM bot

-- name: read_bot
SELECT * FROM bot

-- name: put_bot
INSERT INTO bot VALUES (?, ?, ?)

-- name: empty_webhook
DELETE FROM webhook

-- name: read_webhook
SELECT * FROM webhook

-- name: put_webhook
INSERT INTO webhook VALUES (?, ?, ?)

-- name: empty_fault
DELETE FROM fault

-- name: read_fault
SELECT * FROM fault

-- name: put_fault
INSERT INTO fault VALUES (?, ?, ?)

-- name: empty_tally
DELETE FROM tally

-- name: read_tally
SELECT * FROM tally

-- name: put_tally
INSERT INTO tally VALUES (?, ?, ?, ?, ?, ?)

-- name: empty_mark
DELETE FROM mark

-- name: read_mark
SELECT * FROM mark

-- name: put_mark
INSERT INTO mark VALUES (?, ?)

-- name: empty_record
DELETE FROM record

-- name: read_record
SELECT * FROM record

-- name: put_record
INSERT INTO record VALUES (?, ?, ?, ?, ?)

-- name: empty_blob
DELETE FROM blob

-- name: read_blob
SELECT * FROM blob

-- name: put_blob
INSERT INTO blob VALUES (?, ?, ?, ?, ?)
