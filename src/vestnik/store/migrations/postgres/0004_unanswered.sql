-- The twin of 0004_unanswered.sql for SQLite.
CREATE INDEX requests_unanswered ON requests (message_id) WHERE message_id IS NOT NULL AND status IS NULL;
