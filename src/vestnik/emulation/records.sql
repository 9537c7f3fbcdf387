-- name: put
INSERT INTO record (messenger, kind, key, value, lasting)
SELECT value ->> 0, value ->> 1, value ->> 2, value -> 3, value ->> 4 FROM json_each(:puts) WHERE true
ON CONFLICT (messenger, kind, key) DO UPDATE SET value = excluded.value, lasting = excluded.lasting

-- name: drop
DELETE FROM record WHERE (messenger, kind, key) IN (
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:drops)
)

-- name: some
SELECT json_group_array(json_array(key, json(value)))
FROM record JOIN (SELECT DISTINCT value AS wanted FROM json_each(:keys)) ON key = wanted
WHERE messenger = :messenger AND kind = :kind

-- name: listed
-- Both ends of the range are left out where they are given: `after` is '' and `before` NULL for none.
SELECT json_group_array(json_array(key, json(value)))
FROM (
    SELECT key, value FROM record
    WHERE messenger = :messenger AND kind = :kind AND key > :after AND (:before IS NULL OR key < :before)
    ORDER BY key LIMIT :limit
)

-- name: newest
SELECT json_group_array(json_array(key, json(value)))
FROM (
    SELECT key, value FROM record
    WHERE messenger = :messenger AND kind = :kind AND key > :after AND (:before IS NULL OR key < :before)
    ORDER BY key DESC LIMIT :limit
)

-- name: put_blob
INSERT INTO blob (messenger, key, size, content) VALUES (:messenger, :key, :size, :content)
ON CONFLICT (messenger, key) DO NOTHING

-- name: trim_blobs
-- Drops the oldest files beyond the bound on all of them together; the newest stays whatever its size.
DELETE FROM blob WHERE id IN (
    SELECT id FROM (
        SELECT id, sum(size) OVER (ORDER BY id DESC) AS so_far, row_number() OVER (ORDER BY id DESC) AS place
        FROM blob WHERE messenger = :messenger
    )
    WHERE so_far > :most AND place > 1
)

-- name: blob
SELECT content FROM blob WHERE messenger = :messenger AND key = :key

-- name: drop_blob
DELETE FROM blob WHERE messenger = :messenger AND key = :key
