-- The twin of sqlite_check.sql: what must never be true of a sound database. Each question answers how many there are
-- and names one; its own name is the finding. `contents` tells what there is. Absence is asked for
-- with NOT EXISTS, which is one pass here, and NOT IN would be one for each row.

-- name: contents
SELECT 'messages', (SELECT count(*) FROM messages)
UNION ALL SELECT 'deliveries', (SELECT count(*) FROM deliveries)
UNION ALL SELECT 'accounts', (SELECT count(*) FROM accounts)

-- name: messages_whose_counters_differ_from_their_rows
SELECT count(*), min(t.message_id)
FROM tallies AS t
LEFT JOIN (
    SELECT
        message_id,
        count(*) FILTER (WHERE state = 'deferred') AS deferred,
        count(*) FILTER (WHERE state = 'waiting') AS waiting,
        count(*) FILTER (WHERE state = 'sending') AS sending,
        count(*) FILTER (WHERE state = 'sent') AS sent,
        count(*) FILTER (WHERE state = 'delivered') AS delivered,
        count(*) FILTER (WHERE state = 'read') AS read,
        count(*) FILTER (WHERE state = 'failed') AS failed,
        count(*) FILTER (WHERE state = 'unknown') AS unknown,
        count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE state = 'expired') AS expired
    FROM deliveries
    GROUP BY message_id
) AS d ON d.message_id = t.message_id
WHERE (
    t.deferred, t.waiting, t.sending, t.sent, t.delivered, t.read, t.failed, t.unknown, t.cancelled, t.expired
) IS DISTINCT FROM (
    d.deferred, d.waiting, d.sending, d.sent, d.delivered, d.read, d.failed, d.unknown, d.cancelled, d.expired
)

-- name: messages_without_counters
SELECT count(*), min(id) FROM messages AS m
WHERE NOT EXISTS (SELECT 1 FROM tallies AS t WHERE t.message_id = m.id)

-- name: messages_without_deliveries
SELECT count(*), min(id) FROM messages AS m
WHERE NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.message_id = m.id)

-- name: counters_without_a_message
SELECT count(*), min(message_id) FROM tallies AS t
WHERE NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.id = t.message_id)

-- name: deliveries_without_a_message
SELECT count(*), min(message_id || '-' || ordinal) FROM deliveries AS d
WHERE NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.id = d.message_id)

-- name: deliveries_in_a_state_that_does_not_exist
SELECT count(*), min(message_id || '-' || ordinal)
FROM deliveries
WHERE state NOT IN (
    'deferred', 'waiting', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown', 'cancelled', 'expired'
)

-- name: unfinished_deliveries_without_their_time
-- What waits has a time at which it is due, what is being sent has a lease, and what is finished has neither.
SELECT count(*), min(message_id || '-' || ordinal)
FROM deliveries
WHERE (state IN ('deferred', 'waiting') AND due_at IS NULL)
    OR (state = 'sending') <> (lease_until IS NOT NULL)
    OR (state NOT IN ('deferred', 'waiting', 'sending') AND due_at IS NOT NULL)

-- name: unfinished_deliveries_without_their_dedupe_slot
SELECT count(*), min(d.message_id || '-' || d.ordinal)
FROM deliveries AS d
JOIN messages AS m ON m.id = d.message_id
WHERE d.state IN ('deferred', 'waiting', 'sending') AND m.content_key IS NOT NULL AND d.content_key IS NULL

-- name: deliveries_with_the_dedupe_slot_of_another_content
SELECT count(*), min(d.message_id || '-' || d.ordinal)
FROM deliveries AS d
JOIN messages AS m ON m.id = d.message_id
WHERE d.content_key IS NOT NULL AND d.content_key IS DISTINCT FROM m.content_key

-- name: deliveries_that_never_arrived_and_keep_their_dedupe_slot
SELECT count(*), min(message_id || '-' || ordinal)
FROM deliveries
WHERE state IN ('failed', 'cancelled', 'expired') AND content_key IS NOT NULL AND NOT doubt

-- name: two_deliveries_with_one_dedupe_slot
-- The unique index forbids it; an index may be broken.
SELECT coalesce(sum(holders), 0)::bigint, min(one)
FROM (
    SELECT count(*) AS holders, min(message_id || '-' || ordinal) AS one
    FROM deliveries
    WHERE content_key IS NOT NULL
    GROUP BY content_key, messenger, recipient
    HAVING count(*) > 1
) AS shared

-- name: attempts_without_a_delivery
SELECT count(*), min(a.message_id || '-' || a.ordinal)
FROM attempts AS a
LEFT JOIN deliveries AS d ON d.message_id = a.message_id AND d.ordinal = a.ordinal
WHERE d.message_id IS NULL

-- name: attempts_that_their_delivery_never_counted
SELECT count(*), min(a.message_id || '-' || a.ordinal)
FROM attempts AS a
JOIN deliveries AS d ON d.message_id = a.message_id AND d.ordinal = a.ordinal
WHERE a.attempt > d.attempts

-- name: receipts_without_a_delivery
SELECT count(*), min(r.message_id || '-' || r.ordinal)
FROM receipts AS r
LEFT JOIN deliveries AS d ON d.message_id = r.message_id AND d.ordinal = r.ordinal
WHERE d.message_id IS NULL

-- name: identifiers_without_an_account
SELECT count(*), min(account_id) FROM identifiers AS i
WHERE NOT EXISTS (SELECT 1 FROM accounts AS a WHERE a.id = i.account_id)
