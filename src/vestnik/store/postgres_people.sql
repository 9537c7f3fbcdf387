-- The twin of sqlite_people.sql: accounts, keys, requests under way, and what is kept for a while only.

-- name: account_exists
SELECT EXISTS (SELECT 1 FROM accounts WHERE id = $1)

-- name: put_account
INSERT INTO accounts (id, name) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET name = excluded.name

-- name: drop_identifiers
DELETE FROM identifiers WHERE account_id = $1

-- name: add_identifiers
INSERT INTO identifiers (account_id, messenger, identifier)
SELECT $1, * FROM unnest($2::text[], $3::text[])

-- name: accounts
SELECT
    a.id, a.name,
    ARRAY(SELECT i.messenger FROM identifiers AS i WHERE i.account_id = a.id ORDER BY i.messenger),
    ARRAY(SELECT i.identifier FROM identifiers AS i WHERE i.account_id = a.id ORDER BY i.messenger)
FROM unnest($1::text[]) WITH ORDINALITY AS k (id, place)
JOIN accounts AS a ON a.id = k.id
ORDER BY k.place

-- name: account_ids
SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT $2

-- name: delete_account
DELETE FROM accounts WHERE id = $1

-- name: key_in_use
SELECT EXISTS (SELECT 1 FROM keys WHERE name = $1 AND revoked_at IS NULL)

-- name: add_key
INSERT INTO keys (name, digest, senders, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5)

-- name: keys
SELECT name, digest, senders, created_at, revoked_at FROM keys ORDER BY number

-- name: revoke_key
UPDATE keys SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL

-- name: setting
SELECT value FROM settings WHERE name = $1

-- name: set_setting
INSERT INTO settings (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: count_up
-- Lives are counted by several processes, so the old value cannot be read before.
INSERT INTO settings (name, value) VALUES ($1, 1)
ON CONFLICT (name) DO UPDATE SET value = settings.value + 1
RETURNING value

-- name: requests
-- A request of another life may still be under way: its process holds the lock of that life (see postgres_line.sql).
-- $1 keys, $2 the class of the locks.
SELECT
    key, fingerprint, begun_at, life, message_id, status, body, location,
    status IS NULL AND EXISTS (
        SELECT 1 FROM pg_locks AS l
        WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = $2::oid AND l.objid = requests.life::oid
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
FROM requests
WHERE key = ANY ($1::text[])

-- name: begin_requests
-- $1 keys, $2 fingerprints, $3 begun at, $4 life; $5 and $6 are begun at and life of the row that was read, or null.
-- The answer is the keys that were begun: of two processes that have read the same, one comes too late.
INSERT INTO requests AS q (key, fingerprint, begun_at, life)
SELECT r.key, r.fingerprint, r.begun_at, r.life
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS r (key, fingerprint, begun_at, life)
ORDER BY r.key
ON CONFLICT (key) DO UPDATE
SET fingerprint = excluded.fingerprint, begun_at = excluded.begun_at, life = excluded.life, message_id = NULL,
    status = NULL, body = NULL, location = NULL
WHERE (q.key, q.begun_at, q.life) IN (
    SELECT * FROM unnest($1::text[], $5::bigint[], $6::bigint[])
)
RETURNING key

-- name: finish_requests
-- $1 keys, $2 statuses, $3 bodies, $4 locations.
UPDATE requests AS q
SET status = r.status, body = r.body, location = r.location
FROM unnest($1::text[], $2::int[], $3::bytea[], $4::text[]) AS r (key, status, body, location)
WHERE q.key = r.key

-- name: drop_requests
-- One that has accepted a message has not failed, though whoever asked may have been told so.
DELETE FROM requests WHERE key = ANY ($1::text[]) AND message_id IS NULL

-- name: forget_requests
DELETE FROM requests
WHERE key IN (
    SELECT key FROM requests WHERE begun_at <= $1 ORDER BY begun_at LIMIT $2 FOR UPDATE SKIP LOCKED
)

-- name: forget_early
DELETE FROM early_receipts
WHERE number IN (
    SELECT number FROM early_receipts WHERE kept_at <= $1 ORDER BY kept_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
