-- Rows are read as JSON arrays in the order of the fields of rows.Row, a whole batch in one statement.
-- json_each comes first in every join: CROSS JOIN keeps it there, so that the batch is looked up in the table and
-- never the table in the batch. A statement that takes several columns from each row reads the rows first (MATERIALIZED):
-- json_each would write a row out as text anew for each of them.

-- name: page
-- :keys holds [message, ordinal, external id of the answer or null, in doubt] for each delivery.
SELECT
    (
        SELECT json_group_array(json_array(
            d.message_id, d.ordinal, d.messenger, d.recipient, d.account, d.state, d.priority, d.attempts,
            d.max_attempts, d.due_at, d.lease_until, d.claimed_at, d.expires_at, d.external_id, d.code, d.detail,
            d.doubt, d.suspect, d.content_key, d.issue
        ))
        FROM json_each(:keys) AS k
        CROSS JOIN deliveries AS d ON d.message_id = k.value ->> 0 AND d.ordinal = k.value ->> 1
    ),
    CASE WHEN :with_said THEN (
        SELECT json_group_array(json_array(m.id, m.sender_id, m.sender_name, m.text))
        FROM (SELECT DISTINCT value ->> 0 AS id FROM json_each(:keys)) AS k
        CROSS JOIN messages AS m ON m.id = k.id
    ) ELSE '[]' END,
    CASE WHEN :with_early AND (SELECT max(number) FROM early_receipts) IS NOT NULL THEN (
        SELECT json_group_array(json_array(
            e.number, e.kept_at, e.messenger, e.kind, e.external_id, e.at, e.reference, e.recipient, e.code, e.detail
        ))
        FROM early_receipts AS e
        WHERE e.number IN (
            SELECT r.number
            FROM json_each(:keys) AS k
            CROSS JOIN early_receipts AS r ON r.reference = (k.value ->> 0) || '-' || (k.value ->> 1)
            UNION ALL
            SELECT r.number
            FROM json_each(:keys) AS k
            CROSS JOIN deliveries AS d ON d.message_id = k.value ->> 0 AND d.ordinal = k.value ->> 1
            CROSS JOIN early_receipts AS r
                ON r.messenger = d.messenger AND r.external_id IN (k.value ->> 2, d.external_id)
            UNION ALL
            SELECT r.number
            FROM json_each(:keys) AS k
            CROSS JOIN deliveries AS d ON d.message_id = k.value ->> 0 AND d.ordinal = k.value ->> 1
            CROSS JOIN early_receipts AS r
                ON r.reference IS NULL AND r.recipient IS NOT NULL
                AND r.messenger = d.messenger AND r.recipient = d.recipient
            WHERE k.value ->> 3
                OR EXISTS (
                    SELECT 1 FROM deliveries AS o
                    WHERE o.messenger = d.messenger AND o.recipient = d.recipient AND o.doubt = 1
                )
        )
    ) ELSE '[]' END

-- name: keys_about
-- Every delivery that one of the reports may be about. :reports holds [message and ordinal of the reference or null,
-- messenger, external id, recipient or null].
SELECT json_group_array(json_array(found.message_id, found.ordinal))
FROM (
    SELECT d.message_id, d.ordinal
    FROM json_each(:reports) AS r
    CROSS JOIN deliveries AS d ON d.message_id = r.value ->> 0 AND d.ordinal = r.value ->> 1
    UNION
    SELECT d.message_id, d.ordinal
    FROM json_each(:reports) AS r
    CROSS JOIN deliveries AS d ON d.messenger = r.value ->> 2 AND d.external_id = r.value ->> 3
    UNION
    SELECT d.message_id, d.ordinal
    FROM json_each(:reports) AS r
    CROSS JOIN deliveries AS d ON d.messenger = r.value ->> 2 AND d.recipient = r.value ->> 4 AND d.doubt = 1
) AS found

-- name: keys_being_sent_to
-- :people holds [messenger, recipient]. What is being sent is never more than lanes have slots, so it is read whole.
SELECT json_group_array(json_array(d.message_id, d.ordinal))
FROM deliveries AS d
WHERE d.state = 'sending'
    AND EXISTS (
        SELECT 1 FROM json_each(:people) AS p WHERE p.value ->> 0 = d.messenger AND p.value ->> 1 = d.recipient
    )

-- name: update_moved
-- :rows holds [message, ordinal, state, attempts, due at, code, detail, in doubt, suspect, lease until, external id,
-- max attempts, expires at, content key, issue], of which a statement takes as much as it needs.
WITH r AS MATERIALIZED (SELECT value FROM json_each(:rows))
UPDATE deliveries
SET state = r.value ->> 2, attempts = r.value ->> 3, due_at = r.value ->> 4, code = r.value ->> 5,
    detail = r.value ->> 6, doubt = r.value ->> 7, suspect = r.value ->> 8, lease_until = r.value ->> 9
FROM r
WHERE deliveries.message_id = r.value ->> 0 AND deliveries.ordinal = r.value ->> 1

-- name: update_named
-- The same and the external id: an index is written anew for each of its columns that a statement names.
WITH r AS MATERIALIZED (SELECT value FROM json_each(:rows))
UPDATE deliveries
SET state = r.value ->> 2, attempts = r.value ->> 3, due_at = r.value ->> 4, code = r.value ->> 5,
    detail = r.value ->> 6, doubt = r.value ->> 7, suspect = r.value ->> 8, lease_until = r.value ->> 9,
    external_id = r.value ->> 10
FROM r
WHERE deliveries.message_id = r.value ->> 0 AND deliveries.ordinal = r.value ->> 1

-- name: update_whole
-- The same and what seldom changes: the limits and the dedupe slot.
WITH r AS MATERIALIZED (SELECT value FROM json_each(:rows))
UPDATE deliveries
SET state = r.value ->> 2, attempts = r.value ->> 3, due_at = r.value ->> 4, code = r.value ->> 5,
    detail = r.value ->> 6, doubt = r.value ->> 7, suspect = r.value ->> 8, lease_until = r.value ->> 9,
    external_id = r.value ->> 10, max_attempts = r.value ->> 11, expires_at = r.value ->> 12, content_key = r.value ->> 13,
    issue = r.value ->> 14
FROM r
WHERE deliveries.message_id = r.value ->> 0 AND deliveries.ordinal = r.value ->> 1

-- name: tally
-- :deltas holds [message, then one number for each state in the order of lifecycle.State].
WITH d AS MATERIALIZED (SELECT value FROM json_each(:deltas))
UPDATE tallies
SET deferred = deferred + (d.value ->> 1), waiting = waiting + (d.value ->> 2), sending = sending + (d.value ->> 3),
    sent = sent + (d.value ->> 4), delivered = delivered + (d.value ->> 5), read = read + (d.value ->> 6),
    failed = failed + (d.value ->> 7), unknown = unknown + (d.value ->> 8), cancelled = cancelled + (d.value ->> 9),
    expired = expired + (d.value ->> 10)
FROM d
WHERE tallies.message_id = d.value ->> 0

-- name: add_attempts
INSERT INTO attempts (message_id, ordinal, attempt, started_at, ended_at, ending, code, detail)
WITH a AS MATERIALIZED (SELECT value FROM json_each(:attempts))
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
FROM a

-- name: add_receipts
INSERT OR IGNORE INTO receipts (message_id, ordinal, kind, at, code, detail)
WITH r AS MATERIALIZED (SELECT value FROM json_each(:receipts))
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5
FROM r

-- name: keep_early
-- :early holds the fields of rows.Early; its number is given here.
INSERT OR IGNORE INTO early_receipts
    (kept_at, messenger, kind, external_id, at, reference, recipient, code, detail)
SELECT value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
    value ->> 9
FROM json_each(:early)

-- name: drop_early
DELETE FROM early_receipts WHERE number IN (SELECT value FROM json_each(:numbers))
