-- Rows as they would have come about, all alike: messages of :size deliveries each, numbered from :first.

-- name: messages
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :beyond)
INSERT INTO messages (id, sender_id, sender_name, created_at, send_at, max_attempts, priority, content_key, text)
SELECT printf('%s%025d', :mark, i), 'old', 'old', :at, NULL, 5, 1, printf('%s-%d', :mark, i), 'Old news' FROM n

-- name: tallies
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :beyond)
INSERT INTO tallies (message_id, sender_id, deferred, delivered)
SELECT printf('%s%025d', :mark, i), 'old', iif(:state = 'deferred', :size, 0), iif(:state = 'deferred', 0, :size)
FROM n

-- name: deliveries
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :beyond)
INSERT INTO deliveries (
    message_id, ordinal, messenger, recipient, state, priority, attempts, max_attempts, due_at, external_id, content_key
)
SELECT
    printf('%s%025d', :mark, i / :size), i % :size, 'telegram', i % :size, :state, 1,
    iif(:state = 'deferred', 0, 1), 5, iif(:state = 'deferred', :at, NULL),
    iif(:state = 'deferred', NULL, i % :size || ':' || i), printf('%s-%d', :mark, i / :size)
FROM n

-- name: attempts
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :beyond)
INSERT INTO attempts (message_id, ordinal, attempt, started_at, ended_at, ending)
SELECT printf('%s%025d', :mark, i / :size), i % :size, 1, :at, :at, 'taken' FROM n
