-- Everything that passed between bots and phones, in order. What a phone got is the journal; what its owner wrote to
-- a bot is inbound. A conversation is the two together.
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    messenger TEXT NOT NULL,
    bot TEXT NOT NULL,
    inbound INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    text TEXT NOT NULL,
    external_id TEXT NOT NULL,
    idempotency_key TEXT,
    -- 1 where a repetition of the key gets the first answer again.
    honoured INTEGER NOT NULL,
    -- The messenger's code of the failure that its sender is told of later, where the message never reaches the phone.
    failed TEXT,
    at INTEGER NOT NULL,
    payload TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX entry_by_key ON entry (messenger, bot, idempotency_key) WHERE honoured = 1;

-- The journal by recipient. It is brought up to date when somebody asks by recipient, not when a message is taken:
-- kept at once it costs a page of its own in the write-ahead log for nearly every message to many recipients.
CREATE TABLE mailbox (
    messenger TEXT NOT NULL,
    recipient TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (messenger, recipient, seq)
) WITHOUT ROWID, STRICT;

-- What bots must still be told: since when it is so, and when it is due to be told. Both are NULL while a phone is
-- offline; wait is the time from its coming back until the report, in microseconds.
CREATE TABLE callback (
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    messenger TEXT NOT NULL,
    bot TEXT NOT NULL,
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER,
    due INTEGER,
    wait INTEGER NOT NULL,
    attempt INTEGER NOT NULL
) STRICT;

CREATE INDEX callback_by_bot ON callback (messenger, bot, due);
CREATE INDEX callback_held ON callback (messenger, recipient) WHERE due IS NULL;

-- Phones that somebody set up; every other one is online, blocks nobody and reads nothing.
CREATE TABLE phone (
    messenger TEXT NOT NULL,
    recipient TEXT NOT NULL,
    online INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    reads_after REAL,
    PRIMARY KEY (messenger, recipient)
) WITHOUT ROWID, STRICT;

-- Bots that somebody registered, with the secret that they must show where they have one besides their name.
CREATE TABLE bot (
    messenger TEXT NOT NULL,
    bot TEXT NOT NULL,
    token TEXT,
    PRIMARY KEY (messenger, bot)
) WITHOUT ROWID, STRICT;

-- Where bots want to be told; what is the messenger's own is in details.
CREATE TABLE webhook (
    messenger TEXT NOT NULL,
    bot TEXT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (messenger, bot)
) WITHOUT ROWID, STRICT;

-- The fault rules in their order; remaining is how often each still acts, NULL for ever.
CREATE TABLE fault (
    position INTEGER PRIMARY KEY,
    details TEXT NOT NULL,
    remaining INTEGER
) STRICT;

-- How many messages were taken and how many times a known key was answered; how many reports wait, were told to
-- their bots and were given up.
CREATE TABLE tally (
    messenger TEXT PRIMARY KEY,
    taken INTEGER NOT NULL,
    replayed INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    told INTEGER NOT NULL,
    given_up INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- Numbers that outlive the rows they were made from: the last seq of a journal that was emptied, and the last seq
-- that the mailbox knows.
CREATE TABLE mark (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

INSERT INTO mark (name, value) VALUES ('emptied', 0), ('sorted', 0);
