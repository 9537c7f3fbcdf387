-- name: count
-- What is new, one JSON array [messenger, taken, replayed, pending, told, given up] for each messenger.
INSERT INTO tally (messenger, taken, replayed, pending, told, given_up)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(:changes) WHERE true
ON CONFLICT (messenger) DO UPDATE
SET taken = taken + excluded.taken, replayed = replayed + excluded.replayed, pending = pending + excluded.pending,
    told = told + excluded.told, given_up = given_up + excluded.given_up

-- name: all
SELECT json_group_array(json_array(messenger, taken, replayed, pending, told, given_up)) FROM tally
