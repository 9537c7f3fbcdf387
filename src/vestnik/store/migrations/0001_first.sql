-- Times are whole microseconds since 1970 in UTC. Content that only people read stays out of the rows that move.

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for each messenger on which an account can be reached; a new messenger is no new column.
CREATE TABLE identifiers (
    account_id TEXT NOT NULL,
    messenger TEXT NOT NULL,
    identifier TEXT NOT NULL,
    PRIMARY KEY (account_id, messenger)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    send_at INTEGER,
    expires_at INTEGER,
    max_attempts INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    content_key TEXT,
    text TEXT NOT NULL -- Last, so that nobody has to read past it.
) STRICT;

-- How many deliveries of a message are in each state, kept by the transactions that move them.
-- The status says the same as message_status in the domain.
CREATE TABLE tallies (
    message_id TEXT PRIMARY KEY,
    sender_id TEXT NOT NULL,
    deferred INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0,
    sending INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    read INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN sending > 0 THEN 'sending'
            WHEN waiting > 0 AND sent + delivered + read + failed + unknown > 0 THEN 'sending'
            WHEN waiting > 0 THEN 'waiting'
            WHEN deferred > 0 THEN 'deferred'
            WHEN failed > 0 THEN 'failed'
            WHEN unknown > 0 THEN 'unknown'
            WHEN expired > 0 THEN 'expired'
            WHEN sent > 0 THEN 'sent'
            WHEN delivered > 0 THEN 'delivered'
            WHEN read > 0 THEN 'read'
            ELSE 'cancelled'
        END
    ) VIRTUAL
) STRICT, WITHOUT ROWID;

CREATE INDEX tallies_by_status ON tallies (status, message_id);
CREATE INDEX tallies_by_sender ON tallies (sender_id, message_id);

CREATE TABLE deliveries (
    message_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    messenger TEXT NOT NULL,
    recipient TEXT NOT NULL,
    account TEXT,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    due_at INTEGER,
    lease_until INTEGER,
    claimed_at INTEGER,
    expires_at INTEGER,
    external_id TEXT,
    code TEXT,
    detail TEXT,
    doubt INTEGER NOT NULL DEFAULT 0,
    suspect INTEGER NOT NULL DEFAULT 0,
    content_key TEXT,
    issue INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id, ordinal)
) STRICT, WITHOUT ROWID;

-- The dedupe slot: the same content never goes to the same recipient twice. NULL holds no slot.
CREATE UNIQUE INDEX deliveries_slot ON deliveries (content_key, messenger, recipient) WHERE content_key IS NOT NULL;

-- The work that is left. These hold no finished delivery, so what they cost does not grow with history.
CREATE INDEX deliveries_waiting ON deliveries (messenger, suspect, priority, due_at) WHERE state = 'waiting';
CREATE INDEX deliveries_deferred ON deliveries (messenger, due_at) WHERE state = 'deferred';
CREATE INDEX deliveries_sending ON deliveries (lease_until) WHERE state = 'sending';
CREATE INDEX deliveries_mortal ON deliveries (expires_at)
    WHERE state IN ('deferred', 'waiting') AND expires_at IS NOT NULL;

-- What a report may be about.
CREATE INDEX deliveries_external ON deliveries (messenger, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX deliveries_doubtful ON deliveries (messenger, recipient) WHERE doubt = 1;

CREATE TABLE attempts (
    message_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    ending TEXT NOT NULL,
    code TEXT,
    detail TEXT,
    PRIMARY KEY (message_id, ordinal, attempt)
) STRICT, WITHOUT ROWID;

-- The first report of each kind about a delivery.
CREATE TABLE receipts (
    message_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    code TEXT,
    detail TEXT,
    PRIMARY KEY (message_id, ordinal, kind)
) STRICT, WITHOUT ROWID;

-- Reports that came before the record of what they are about.
CREATE TABLE early_receipts (
    number INTEGER PRIMARY KEY,
    kept_at INTEGER NOT NULL,
    messenger TEXT NOT NULL,
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    reference TEXT,
    recipient TEXT,
    code TEXT,
    detail TEXT
) STRICT;

CREATE UNIQUE INDEX early_receipts_once ON early_receipts (messenger, external_id, kind, coalesce(reference, ''));
CREATE INDEX early_receipts_reference ON early_receipts (reference) WHERE reference IS NOT NULL;
CREATE INDEX early_receipts_recipient ON early_receipts (messenger, recipient)
    WHERE reference IS NULL AND recipient IS NOT NULL;
CREATE INDEX early_receipts_age ON early_receipts (kept_at);

-- Requests under an Idempotency-Key; `life` is the life of the store that began it, `body` is base64.
CREATE TABLE requests (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    life INTEGER NOT NULL,
    message_id TEXT,
    status INTEGER,
    body TEXT,
    location TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_age ON requests (begun_at);

CREATE TABLE keys (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    senders TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE UNIQUE INDEX keys_in_use ON keys (name) WHERE revoked_at IS NULL;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
