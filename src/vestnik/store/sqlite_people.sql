-- Accounts, keys, requests under way, and what is kept for a while only.

-- name: account_exists
SELECT EXISTS (SELECT 1 FROM accounts WHERE id = :id)

-- name: put_account
INSERT INTO accounts (id, name) VALUES (:id, :name)
ON CONFLICT (id) DO UPDATE SET name = excluded.name

-- name: drop_identifiers
DELETE FROM identifiers WHERE account_id = :id

-- name: add_identifiers
INSERT INTO identifiers (account_id, messenger, identifier)
SELECT :id, key, value FROM json_each(:identifiers)

-- name: accounts
SELECT json_group_array(json_array(
    a.id, a.name,
    (SELECT json_group_object(i.messenger, i.identifier) FROM identifiers AS i WHERE i.account_id = a.id)
))
FROM (SELECT DISTINCT value AS id FROM json_each(:ids)) AS k
CROSS JOIN accounts AS a ON a.id = k.id

-- name: account_ids
SELECT json_group_array(id)
FROM (SELECT id FROM accounts WHERE id > :after ORDER BY id LIMIT :most)

-- name: delete_account
DELETE FROM accounts WHERE id = :id

-- name: key_in_use
SELECT EXISTS (SELECT 1 FROM keys WHERE name = :name AND revoked_at IS NULL)

-- name: add_key
INSERT INTO keys (name, digest, senders, created_at, revoked_at)
VALUES (:name, :digest, :senders, :created_at, :revoked_at)

-- name: keys
SELECT json_group_array(json_array(name, digest, json(senders), created_at, revoked_at))
FROM (SELECT * FROM keys ORDER BY number)

-- name: revoke_key
UPDATE keys SET revoked_at = :now WHERE name = :name AND revoked_at IS NULL

-- name: setting
SELECT value FROM settings WHERE name = :name

-- name: set_setting
INSERT INTO settings (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: requests
SELECT json_group_array(json_array(key, fingerprint, begun_at, life, message_id, status, body, location))
FROM requests
WHERE key IN (SELECT value FROM json_each(:keys))

-- name: begin_requests
-- :requests holds [key, fingerprint, begun at, life].
INSERT OR REPLACE INTO requests (key, fingerprint, begun_at, life)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
FROM json_each(:requests)

-- name: finish_requests
-- :replies holds [key, status, body, location].
UPDATE requests
SET status = r.value ->> 1, body = r.value ->> 2, location = r.value ->> 3
FROM json_each(:replies) AS r
WHERE requests.key = r.value ->> 0

-- name: drop_requests
-- One that has accepted a message has not failed, though whoever asked may have been told so.
DELETE FROM requests WHERE key IN (SELECT value FROM json_each(:keys)) AND message_id IS NULL

-- name: forget_requests
DELETE FROM requests
WHERE key IN (SELECT key FROM requests WHERE begun_at <= :before ORDER BY begun_at LIMIT :most)

-- name: forget_early
DELETE FROM early_receipts
WHERE number IN (SELECT number FROM early_receipts WHERE kept_at <= :before ORDER BY kept_at LIMIT :most)
