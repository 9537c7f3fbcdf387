-- How a whole database is read and written, table by table; the names of tables and columns come from tables.py.

-- name: page
SELECT {columns} FROM {table} ORDER BY {key} LIMIT $1

-- name: page_beyond
SELECT {columns} FROM {table} WHERE ({key}) > ({values}) ORDER BY {key} LIMIT $1

-- name: count
SELECT count(*) FROM {table}

-- name: make_room
-- Rows come by COPY and are put in place from here. A table of this session's own leaves no trace and no WAL.
CREATE TEMPORARY TABLE IF NOT EXISTS copied_{table} AS SELECT {columns} FROM {table} WITH NO DATA

-- name: clear_room
TRUNCATE copied_{table}

-- name: drop
DELETE FROM {table} AS t USING copied_{table} AS c WHERE ({its_key}) = ({the_key})

-- name: put
INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM copied_{table}
ON CONFLICT ({key}) DO UPDATE SET {changes}

-- name: in_the_way_in_deliveries
-- Who holds a dedupe slot that another one has now.
DELETE FROM deliveries AS t USING copied_deliveries AS c
WHERE t.content_key = c.content_key AND t.messenger = c.messenger AND t.recipient = c.recipient
    AND (t.message_id, t.ordinal) <> (c.message_id, c.ordinal)

-- name: in_the_way_in_keys
DELETE FROM keys AS t USING copied_keys AS c
WHERE t.name = c.name AND t.revoked_at IS NULL AND c.revoked_at IS NULL AND t.number <> c.number

-- name: in_the_way_in_early_receipts
DELETE FROM early_receipts AS t USING copied_early_receipts AS c
WHERE t.messenger = c.messenger AND t.external_id = c.external_id AND t.kind = c.kind
    AND coalesce(t.reference, '') = coalesce(c.reference, '') AND t.number <> c.number

-- name: go_on_counting
-- Numbers that are drawn from now on are beyond those that came.
SELECT setval(pg_get_serial_sequence('{table}', '{key}'), (SELECT coalesce(max({key}), 0) + 1 FROM {table}), false)

-- name: take_statistics
ANALYZE

-- name: marks
SELECT name, value FROM settings WHERE starts_with(name, $1)

-- name: take_for_ourselves
-- Held by the connection for as long as it lasts; false while somebody else copies.
SELECT pg_try_advisory_lock($1, 0)

-- name: let_go
SELECT pg_advisory_unlock($1, 0)

-- name: is_taken
-- Whether somebody copies: $1 the class of the lock.
SELECT EXISTS (
    SELECT 1 FROM pg_locks
    WHERE locktype = 'advisory' AND classid = $1 AND objid = 0 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)

-- name: at_work
-- How many processes work with the database: those whose lives are not over, and connections that only have the name.
-- $1 the class of their locks.
SELECT greatest(
    (
        SELECT count(*) FROM pg_locks
        WHERE locktype = 'advisory' AND classid = $1 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ),
    (
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name IN ('vestnik', 'vestnik lead')
    )
)
