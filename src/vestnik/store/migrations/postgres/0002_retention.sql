-- The twin of 0002_retention.sql for SQLite.
CREATE INDEX messages_with_text ON messages (greatest(created_at, coalesce(send_at, 0))) WHERE text <> '';
CREATE INDEX messages_without_text ON messages (greatest(created_at, coalesce(send_at, 0))) WHERE text = '';
