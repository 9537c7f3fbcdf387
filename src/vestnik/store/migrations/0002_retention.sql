-- Finished messages let go of their text when their time is over; the text of none is empty before. A message is of the
-- time at which it was accepted or for which it was deferred, whichever is later. Each message is in one of the two.
CREATE INDEX messages_with_text ON messages (max(created_at, coalesce(send_at, 0))) WHERE text <> '';
CREATE INDEX messages_without_text ON messages (max(created_at, coalesce(send_at, 0))) WHERE text = '';
