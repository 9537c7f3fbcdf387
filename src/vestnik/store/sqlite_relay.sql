-- Work that is handed out by id. Each selection names the condition of its partial index word for word.

-- name: waiting
-- What is due for a lane in one priority, beside what is held: :held holds [message, ordinal]. With :alone only for
-- those to whom nothing is being sent.
SELECT message_id, ordinal, recipient
FROM deliveries AS d
WHERE state = 'waiting' AND messenger = :messenger AND suspect = :suspects AND priority = :priority
    AND due_at <= :now AND (expires_at IS NULL OR expires_at > :now)
    AND NOT EXISTS (
        SELECT 1
        FROM json_each(:held) AS k
        WHERE k.value ->> 0 = d.message_id AND k.value ->> 1 = d.ordinal
    )
    AND NOT (:alone AND EXISTS (
        SELECT 1 FROM deliveries AS o
        WHERE o.state = 'sending' AND o.messenger = d.messenger AND o.recipient = d.recipient
    ))
ORDER BY due_at, message_id, ordinal
LIMIT :most

-- name: backlog
-- For each of :messengers since when its longest waiting is due, and how many are being sent.
SELECT
    m.value,
    (
        SELECT min((
            SELECT due_at FROM deliveries
            WHERE state = 'waiting' AND messenger = m.value AND suspect = s.value AND priority = p.value
            ORDER BY due_at LIMIT 1
        ))
        FROM json_each('[0,1]') AS s CROSS JOIN json_each('[0,1,2]') AS p
    ),
    (SELECT count(*) FROM deliveries WHERE state = 'sending' AND messenger = m.value)
FROM json_each(:messengers) AS m

-- name: claimable
-- Which of :keys, which holds [message, ordinal], could be claimed.
SELECT d.message_id, d.ordinal, d.recipient
FROM json_each(:keys) AS k
CROSS JOIN deliveries AS d ON d.message_id = k.value ->> 0 AND d.ordinal = k.value ->> 1
WHERE d.state = 'waiting' AND d.messenger = :messenger
    AND d.due_at <= :now AND (d.expires_at IS NULL OR d.expires_at > :now)
    AND NOT (:alone AND EXISTS (
        SELECT 1 FROM deliveries AS o
        WHERE o.state = 'sending' AND o.messenger = d.messenger AND o.recipient = d.recipient
    ))
ORDER BY d.message_id, d.ordinal
