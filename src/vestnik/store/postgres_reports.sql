-- Reports that were kept while their records were stored, and that nobody has looked at since.

-- name: strays
-- The look after a commit is lost with a process that dies before it. What is being sent is still waited for.
SELECT d.message_id, d.ordinal, NULL::text, d.doubt
FROM early_receipts AS e
JOIN deliveries AS d ON d.messenger = e.messenger AND d.external_id = e.external_id
WHERE e.kept_at > $2 AND d.state <> 'sending'
UNION
SELECT d.message_id, d.ordinal, NULL::text, d.doubt
FROM early_receipts AS e
JOIN deliveries AS d ON d.messenger = e.messenger AND d.message_id = split_part(e.reference, '-', 1)
    AND d.ordinal = CASE WHEN e.reference ~ '^[0-9A-Za-z]+-[0-9]{1,9}$' THEN split_part(e.reference, '-', 2)::int END
WHERE e.kept_at > $2 AND d.state <> 'sending'
LIMIT $1
