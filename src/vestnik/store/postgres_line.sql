-- What the store says to the server about their conversation itself.

-- name: own_transaction
-- The number of this transaction, or null while it has changed nothing.
SELECT pg_current_xact_id_if_assigned()::text

-- name: fate
-- What became of transaction $1 of the era $2 whose end was not heard: committed, aborted or in progress; and the
-- server's era. In another one the number is somebody else's, or nobody's yet, which the server takes for a mistake.
SELECT CASE WHEN stats_reset IS NOT DISTINCT FROM $2::timestamptz THEN pg_xact_status($1::text::xid8) END, stats_reset
FROM pg_stat_bgwriter

-- name: era
-- Another one after every recovery from a crash, which makes statistics begin anew, and the same after a clean restart.
-- A crash forgets numbers of transactions that had not reached the disk, and gives them to others.
SELECT stats_reset FROM pg_stat_bgwriter

-- name: hold_life
-- Held by the connection for as long as it lasts.
SELECT pg_advisory_lock($1, $2)

-- name: knock
-- Asked now and then of a connection that is otherwise silent, so that a lost one is noticed.
SELECT 1

-- name: ring
SELECT pg_notify($1, $2)

-- name: encoding
SELECT current_setting('server_encoding'), current_setting('server_version_num')::int

-- name: begin_migrating
-- Waits for whoever migrates at this moment; the lock goes with the transaction.
SELECT pg_advisory_xact_lock($1, 0)

-- name: make_schema_versions
CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)

-- name: schema_version
SELECT coalesce((SELECT max(version) FROM schema_version), 0)

-- name: has_schema_version
SELECT to_regclass('schema_version') IS NOT NULL

-- name: set_schema_version
INSERT INTO schema_version (version) VALUES ($1)
