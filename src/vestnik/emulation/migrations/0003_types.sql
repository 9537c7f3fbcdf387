-- What kind of message an entry is, in its messenger's words; empty for those that were taken before this was noted.
ALTER TABLE entry ADD COLUMN type TEXT NOT NULL DEFAULT '';
