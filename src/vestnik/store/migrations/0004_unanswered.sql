-- Requests under an Idempotency-Key that have accepted a message and have no reply yet; the message stays for it.
CREATE INDEX requests_unanswered ON requests (message_id) WHERE message_id IS NOT NULL AND status IS NULL;
