-- The twin of sqlite_page.sql. Rows come in the order of the fields of rows.Row. Rows that will be changed are locked
-- when they are read, in the order of their keys; what is read in vain is only waited for.

-- name: page
-- $1 messages, $2 ordinals. SQLite reads what messages say and early reports in the same statement; here a lock
-- forbids that, and they have statements of their own below.
SELECT
    d.message_id, d.ordinal, d.messenger, d.recipient, d.account, d.state, d.priority, d.attempts, d.max_attempts,
    d.due_at, d.lease_until, d.claimed_at, d.expires_at, d.external_id, d.code, d.detail, d.doubt, d.suspect,
    d.content_key, d.issue
FROM (SELECT DISTINCT message_id, ordinal FROM unnest($1::text[], $2::int[]) AS n (message_id, ordinal)) AS k
JOIN deliveries AS d ON d.message_id = k.message_id AND d.ordinal = k.ordinal
ORDER BY d.message_id, d.ordinal
FOR UPDATE OF d

-- name: page_at_once
-- The same for rows that are found to belong to a page after it was locked: whoever waited for them now could be
-- waited for in turn, so it fails instead, and the whole transaction is tried again.
SELECT
    d.message_id, d.ordinal, d.messenger, d.recipient, d.account, d.state, d.priority, d.attempts, d.max_attempts,
    d.due_at, d.lease_until, d.claimed_at, d.expires_at, d.external_id, d.code, d.detail, d.doubt, d.suspect,
    d.content_key, d.issue
FROM (SELECT DISTINCT message_id, ordinal FROM unnest($1::text[], $2::int[]) AS n (message_id, ordinal)) AS k
JOIN deliveries AS d ON d.message_id = k.message_id AND d.ordinal = k.ordinal
ORDER BY d.message_id, d.ordinal
FOR UPDATE OF d NOWAIT

-- name: look
-- The same for those who change nothing.
SELECT
    d.message_id, d.ordinal, d.messenger, d.recipient, d.account, d.state, d.priority, d.attempts, d.max_attempts,
    d.due_at, d.lease_until, d.claimed_at, d.expires_at, d.external_id, d.code, d.detail, d.doubt, d.suspect,
    d.content_key, d.issue
FROM (SELECT DISTINCT message_id, ordinal FROM unnest($1::text[], $2::int[]) AS n (message_id, ordinal)) AS k
JOIN deliveries AS d ON d.message_id = k.message_id AND d.ordinal = k.ordinal
ORDER BY d.message_id, d.ordinal

-- name: said
SELECT m.id, m.sender_id, m.sender_name, m.text
FROM unnest($1::text[]) AS k (id)
JOIN messages AS m ON m.id = k.id

-- name: early
-- What may have waited for answers: $1 messages, $2 ordinals, $3 external ids of the answers or null, $4 in doubt.
SELECT
    e.number, e.kept_at, e.messenger, e.kind, e.external_id, e.at, e.reference, e.recipient, e.code, e.detail
FROM (
    SELECT r.number
    FROM unnest($1::text[], $2::int[]) AS k (message_id, ordinal)
    JOIN early_receipts AS r ON r.reference = k.message_id || '-' || k.ordinal
    UNION
    SELECT r.number
    FROM unnest($1::text[], $2::int[], $3::text[]) AS k (message_id, ordinal, external_id)
    JOIN deliveries AS d ON d.message_id = k.message_id AND d.ordinal = k.ordinal
    JOIN early_receipts AS r ON r.messenger = d.messenger AND r.external_id IN (k.external_id, d.external_id)
    UNION
    SELECT r.number
    FROM unnest($1::text[], $2::int[], $4::boolean[]) AS k (message_id, ordinal, doubt)
    JOIN deliveries AS d ON d.message_id = k.message_id AND d.ordinal = k.ordinal
    JOIN early_receipts AS r
        ON r.reference IS NULL AND r.recipient IS NOT NULL AND r.messenger = d.messenger AND r.recipient = d.recipient
    WHERE k.doubt
        OR EXISTS (
            SELECT 1 FROM deliveries AS o
            WHERE o.messenger = d.messenger AND o.recipient = d.recipient AND o.doubt
        )
) AS found
JOIN early_receipts AS e ON e.number = found.number
ORDER BY e.number

-- name: keys_about
-- Every delivery that one of the reports may be about: $1 messages and $2 ordinals of the references or null,
-- $3 messengers, $4 external ids, $5 recipients or null.
SELECT d.message_id, d.ordinal
FROM unnest($1::text[], $2::int[]) AS r (message_id, ordinal)
JOIN deliveries AS d ON d.message_id = r.message_id AND d.ordinal = r.ordinal
UNION
SELECT d.message_id, d.ordinal
FROM unnest($3::text[], $4::text[]) AS r (messenger, external_id)
JOIN deliveries AS d ON d.messenger = r.messenger AND d.external_id = r.external_id
UNION
SELECT d.message_id, d.ordinal
FROM unnest($3::text[], $5::text[]) AS r (messenger, recipient)
JOIN deliveries AS d ON d.messenger = r.messenger AND d.recipient = r.recipient AND d.doubt

-- name: keys_being_sent_to
-- $1 messengers, $2 recipients. Many processes send here, so what is being sent is looked up and not read whole.
SELECT d.message_id, d.ordinal
FROM unnest($1::text[], $2::text[]) AS p (messenger, recipient)
JOIN deliveries AS d ON d.state = 'sending' AND d.messenger = p.messenger AND d.recipient = p.recipient

-- name: turn
-- All that has changed on a page, in one round trip; SQLite has none to save and takes a statement for each kind. Which
-- columns are named makes no difference here: what an index costs depends on whether a value changes. The answer is the
-- number of the transaction. Deliveries: $1 messages, $2 ordinals, $3 states, $4 attempts, $5 due at, $6 codes,
-- $7 details, $8 in doubt, $9 suspect, $10 lease until, $11 external ids, $12 max attempts, $13 expires at,
-- $14 content keys, $15 issues. Attempts: $16 to $23. Reports: $24 to $29. Reports to be kept, the fields of rows.Early
-- without its number, which is given here: $30 to $38; numbers of those that have served: $39. Counters: $40 messages,
-- then one array for each state in the order of lifecycle.State.
WITH moved AS (
    UPDATE deliveries AS d
    SET state = r.state, attempts = r.attempts, due_at = r.due_at, code = r.code, detail = r.detail, doubt = r.doubt,
        suspect = r.suspect, lease_until = r.lease_until, external_id = r.external_id, max_attempts = r.max_attempts,
        expires_at = r.expires_at, content_key = r.content_key, issue = r.issue
    FROM unnest(
        $1::text[], $2::int[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::boolean[],
        $9::boolean[], $10::bigint[], $11::text[], $12::int[], $13::bigint[], $14::text[], $15::int[]
    ) AS r (
        message_id, ordinal, state, attempts, due_at, code, detail, doubt, suspect, lease_until, external_id,
        max_attempts, expires_at, content_key, issue
    )
    WHERE d.message_id = r.message_id AND d.ordinal = r.ordinal
), made AS (
    INSERT INTO attempts (message_id, ordinal, attempt, started_at, ended_at, ending, code, detail)
    SELECT *
    FROM unnest($16::text[], $17::int[], $18::int[], $19::bigint[], $20::bigint[], $21::text[], $22::text[], $23::text[])
), got AS (
    INSERT INTO receipts (message_id, ordinal, kind, at, code, detail)
    SELECT * FROM unnest($24::text[], $25::int[], $26::text[], $27::bigint[], $28::text[], $29::text[])
    ON CONFLICT DO NOTHING
), kept AS (
    INSERT INTO early_receipts (kept_at, messenger, kind, external_id, at, reference, recipient, code, detail)
    SELECT *
    FROM unnest(
        $30::bigint[], $31::text[], $32::text[], $33::text[], $34::bigint[], $35::text[], $36::text[], $37::text[],
        $38::text[]
    )
    ON CONFLICT DO NOTHING
), served AS (
    DELETE FROM early_receipts WHERE number = ANY ($39::bigint[])
), mine AS (
    SELECT d.*
    FROM unnest(
        $40::text[], $41::int[], $42::int[], $43::int[], $44::int[], $45::int[], $46::int[], $47::int[], $48::int[],
        $49::int[], $50::int[]
    ) AS d (message_id, deferred, waiting, sending, sent, delivered, read, failed, unknown, cancelled, expired)
    JOIN tallies AS t ON t.message_id = d.message_id
    ORDER BY t.message_id
    FOR UPDATE OF t
), counted AS (
    UPDATE tallies AS t
    SET deferred = t.deferred + d.deferred, waiting = t.waiting + d.waiting, sending = t.sending + d.sending,
        sent = t.sent + d.sent, delivered = t.delivered + d.delivered, read = t.read + d.read,
        failed = t.failed + d.failed, unknown = t.unknown + d.unknown, cancelled = t.cancelled + d.cancelled,
        expired = t.expired + d.expired
    FROM mine AS d
    WHERE t.message_id = d.message_id
)
SELECT pg_current_xact_id()::text

-- name: tally
-- The counters alone: $1 messages, then one array for each state. Every transaction locks tallies after deliveries and
-- in the order of messages.
WITH mine AS (
    SELECT d.*
    FROM unnest(
        $1::text[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[],
        $10::int[], $11::int[]
    ) AS d (message_id, deferred, waiting, sending, sent, delivered, read, failed, unknown, cancelled, expired)
    JOIN tallies AS t ON t.message_id = d.message_id
    ORDER BY t.message_id
    FOR UPDATE OF t
)
UPDATE tallies AS t
SET deferred = t.deferred + d.deferred, waiting = t.waiting + d.waiting, sending = t.sending + d.sending,
    sent = t.sent + d.sent, delivered = t.delivered + d.delivered, read = t.read + d.read,
    failed = t.failed + d.failed, unknown = t.unknown + d.unknown, cancelled = t.cancelled + d.cancelled,
    expired = t.expired + d.expired
FROM mine AS d
WHERE t.message_id = d.message_id
