-- How a whole file is read and written, table by table; the names of tables and columns come from tables.py.

-- name: page
SELECT {columns} FROM {table} ORDER BY {key} LIMIT :most

-- name: page_beyond
SELECT {columns} FROM {table} WHERE ({key}) > ({values}) ORDER BY {key} LIMIT :most

-- name: count
SELECT count(*) FROM {table}

-- name: drop
DELETE FROM {table} WHERE ({key}) = ({values})

-- name: put
-- What holds the same unique values goes.
INSERT OR REPLACE INTO {table} ({columns}) VALUES ({values})

-- name: marks
SELECT name, value FROM settings WHERE name GLOB :pattern
