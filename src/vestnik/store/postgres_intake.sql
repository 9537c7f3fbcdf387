-- The twin of sqlite_intake.sql. A batch comes as one array for each column and is unnested, where SQLite reads one
-- JSON parameter. Rows that another transaction may want too are taken in one order, so that nobody waits in a circle.

-- name: release_slots
-- Slots that are wanted and whose window has passed: $1 content keys, $2 messengers, $3 recipients, $4 accepted before.
-- The rows are locked in the order of their keys first.
WITH held AS (
    SELECT d.message_id, d.ordinal
    FROM unnest($1::text[], $2::text[], $3::text[]) AS r (content_key, messenger, recipient)
    JOIN deliveries AS d
        ON d.content_key = r.content_key AND d.messenger = r.messenger AND d.recipient = r.recipient
    JOIN messages AS m ON m.id = d.message_id
    WHERE m.created_at <= $4 AND d.state NOT IN ('deferred', 'waiting', 'sending')
    ORDER BY d.message_id, d.ordinal
    FOR UPDATE OF d
)
UPDATE deliveries AS d
SET content_key = NULL
FROM held AS h
WHERE d.message_id = h.message_id AND d.ordinal = h.ordinal

-- name: add_messages
INSERT INTO messages
    (id, sender_id, sender_name, created_at, send_at, expires_at, max_attempts, priority, content_key, text)
SELECT *
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::int[], $8::smallint[],
    $9::text[], $10::text[]
)

-- name: add_deliveries
-- $1 messages, $2 ordinals, $3 messengers, $4 recipients, $5 accounts. Whoever comes second to a slot is left out.
-- Slots are taken in the order of the index: two crowds that want the same ones would else wait for each other. Any
-- conflict is passed over, not only one of slots, so that the same statement can be run again for what it left out.
-- To save round trips it also counts what it adds, and makes accounts of the senders of what says anything new. The
-- answer is how many were added, and the number of the transaction.
WITH added AS (
    INSERT INTO deliveries (
        message_id, ordinal, messenger, recipient, account, state, priority, max_attempts, due_at, expires_at,
        content_key
    )
    SELECT
        m.id, r.ordinal, r.messenger, r.recipient, r.account,
        CASE WHEN m.send_at > m.created_at THEN 'deferred' ELSE 'waiting' END,
        m.priority, m.max_attempts, greatest(m.created_at, m.send_at), m.expires_at, m.content_key
    FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[])
        WITH ORDINALITY AS r (message_id, ordinal, messenger, recipient, account, place)
    JOIN messages AS m ON m.id = r.message_id
    ORDER BY m.content_key, r.messenger, r.recipient, r.place
    ON CONFLICT DO NOTHING
    RETURNING message_id, state
), counts AS (
    SELECT
        message_id, count(*) FILTER (WHERE state = 'deferred') AS deferred,
        count(*) FILTER (WHERE state = 'waiting') AS waiting
    FROM added
    GROUP BY message_id
), new AS (
    SELECT m.id, m.sender_id, m.sender_name, c.deferred, c.waiting
    FROM counts AS c
    JOIN messages AS m ON m.id = c.message_id
), counted AS (
    INSERT INTO tallies AS t (message_id, sender_id, deferred, waiting)
    SELECT id, sender_id, deferred, waiting FROM new
    ON CONFLICT (message_id) DO UPDATE
    SET deferred = t.deferred + excluded.deferred, waiting = t.waiting + excluded.waiting
), senders AS (
    INSERT INTO accounts (id, name)
    SELECT DISTINCT ON (sender_id) sender_id, coalesce(nullif(sender_name, ''), sender_id)
    FROM new
    ORDER BY sender_id, id
    ON CONFLICT DO NOTHING
)
SELECT coalesce((SELECT sum(deferred + waiting) FROM counts), 0)::int, pg_current_xact_id()::text

-- name: left_out
-- The places of those left out, counted from 0, and who holds their slots. LIMIT, which changes nothing where there is
-- never more than one, makes the planner look up each slot: it cannot know how many will be asked for.
SELECT r.place - 1, d.message_id, d.ordinal
FROM unnest($1::text[], $2::int[], $3::text[], $4::text[])
    WITH ORDINALITY AS r (message_id, ordinal, messenger, recipient, place)
JOIN messages AS m ON m.id = r.message_id
CROSS JOIN LATERAL (
    SELECT message_id, ordinal FROM deliveries
    WHERE content_key = m.content_key AND messenger = r.messenger AND recipient = r.recipient
    LIMIT 1
) AS d
WHERE d.message_id <> m.id OR d.ordinal <> r.ordinal
ORDER BY r.place

-- name: drop_messages
DELETE FROM messages WHERE id = ANY ($1::text[])

-- name: add_senders
-- Those of orders to nobody, which add no delivery. $1 ids, $2 names; in the order of ids, because two batches may bring the same new senders.
INSERT INTO accounts (id, name)
SELECT s.id, coalesce(nullif(s.name, ''), s.id)
FROM unnest($1::text[], $2::text[]) AS s (id, name)
ORDER BY s.id
ON CONFLICT DO NOTHING

-- name: name_senders
-- A sender who did not say a name in a message goes by that of the account, which may have come in the same batch. Here
-- somebody else may have deleted the account a moment ago, and then its id is its name.
UPDATE messages
SET sender_name = coalesce((SELECT a.name FROM accounts AS a WHERE a.id = messages.sender_id), sender_id)
WHERE id = ANY ($1::text[])

-- name: add_tallies
-- Those of orders to nobody. $1 messages, $2 senders, $3 deferred, $4 waiting.
INSERT INTO tallies (message_id, sender_id, deferred, waiting)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[])

-- name: note_accepted
-- $1 keys, $2 messages.
UPDATE requests
SET message_id = r.message_id
FROM unnest($1::text[], $2::text[]) AS r (key, message_id)
WHERE requests.key = r.key
