-- The twin of postgres_reports.sql. A report is looked up in the deliveries and never the other way round: CROSS JOIN.

-- name: strays
-- Deliveries that kept reports name: by a reference, or by an external id that only another report has told.
SELECT json_group_array(json_array(message_id, ordinal))
FROM (
    SELECT d.message_id, d.ordinal
    FROM early_receipts AS e
    CROSS JOIN deliveries AS d
    WHERE e.kept_at > :since AND d.messenger = e.messenger AND d.external_id = e.external_id AND d.state <> 'sending'
    UNION
    SELECT d.message_id, d.ordinal
    FROM early_receipts AS e
    CROSS JOIN deliveries AS d
    WHERE e.kept_at > :since
        AND d.message_id = substr(e.reference, 1, instr(e.reference, '-') - 1)
        AND d.ordinal = CAST(substr(e.reference, instr(e.reference, '-') + 1) AS INTEGER)
        AND d.messenger = e.messenger AND e.reference = d.message_id || '-' || d.ordinal AND d.state <> 'sending'
    LIMIT :most
)
