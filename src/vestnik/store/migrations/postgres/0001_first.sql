-- The twin of SQLite's 0001. Times are whole microseconds since 1970 in UTC. Ids sort as bytes, whatever the language
-- of the database: COLLATE "C". Content that only people read stays out of the rows that move.

CREATE TABLE accounts (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL
);

-- One row for each messenger on which an account can be reached; a new messenger is no new column.
CREATE TABLE identifiers (
    account_id text COLLATE "C" NOT NULL,
    messenger text COLLATE "C" NOT NULL,
    identifier text NOT NULL,
    PRIMARY KEY (account_id, messenger)
);

CREATE TABLE messages (
    id text COLLATE "C" PRIMARY KEY,
    sender_id text COLLATE "C" NOT NULL,
    sender_name text NOT NULL,
    created_at bigint NOT NULL,
    send_at bigint,
    expires_at bigint,
    max_attempts integer NOT NULL,
    priority smallint NOT NULL,
    content_key text COLLATE "C",
    text text NOT NULL
);

-- How many deliveries of a message are in each state, kept by the transactions that move them.
-- The status says the same as message_status in the domain. Unlike SQLite's it is stored: there is no other kind here.
-- Half of each page is left free, so that a count changes where it stands and no index learns of it.
CREATE TABLE tallies (
    message_id text COLLATE "C" PRIMARY KEY,
    sender_id text COLLATE "C" NOT NULL,
    deferred integer NOT NULL DEFAULT 0,
    waiting integer NOT NULL DEFAULT 0,
    sending integer NOT NULL DEFAULT 0,
    sent integer NOT NULL DEFAULT 0,
    delivered integer NOT NULL DEFAULT 0,
    read integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    unknown integer NOT NULL DEFAULT 0,
    cancelled integer NOT NULL DEFAULT 0,
    expired integer NOT NULL DEFAULT 0,
    status text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
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
    ) STORED
) WITH (fillfactor = 50);

CREATE INDEX tallies_by_status ON tallies (status, message_id);
CREATE INDEX tallies_by_sender ON tallies (sender_id, message_id);

CREATE TABLE deliveries (
    message_id text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    messenger text COLLATE "C" NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    account text,
    state text COLLATE "C" NOT NULL,
    priority smallint NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    due_at bigint,
    lease_until bigint,
    claimed_at bigint,
    expires_at bigint,
    external_id text COLLATE "C",
    code text,
    detail text,
    doubt boolean NOT NULL DEFAULT false,
    suspect boolean NOT NULL DEFAULT false,
    content_key text COLLATE "C",
    issue integer NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id, ordinal)
);

-- The dedupe slot: the same content never goes to the same recipient twice. NULL holds no slot.
CREATE UNIQUE INDEX deliveries_slot ON deliveries (content_key, messenger, recipient) WHERE content_key IS NOT NULL;

-- The work that is left. These hold no finished delivery, so what they cost does not grow with history. Unlike
-- SQLite's they hold the whole order of a claim, because here an index does not end with the primary key by itself.
CREATE INDEX deliveries_waiting ON deliveries (messenger, suspect, priority, due_at, message_id, ordinal)
    WHERE state = 'waiting';
CREATE INDEX deliveries_deferred ON deliveries (messenger, due_at) WHERE state = 'deferred';
CREATE INDEX deliveries_sending ON deliveries (messenger, recipient) WHERE state = 'sending';
CREATE INDEX deliveries_leased ON deliveries (lease_until, message_id, ordinal) WHERE state = 'sending';
CREATE INDEX deliveries_mortal ON deliveries (expires_at, message_id, ordinal)
    WHERE state IN ('deferred', 'waiting') AND expires_at IS NOT NULL;

-- What a report may be about.
CREATE INDEX deliveries_external ON deliveries (messenger, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX deliveries_doubtful ON deliveries (messenger, recipient) WHERE doubt;

CREATE TABLE attempts (
    message_id text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    attempt integer NOT NULL,
    started_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    ending text NOT NULL,
    code text,
    detail text,
    PRIMARY KEY (message_id, ordinal, attempt)
);

-- The first report of each kind about a delivery.
CREATE TABLE receipts (
    message_id text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    code text,
    detail text,
    PRIMARY KEY (message_id, ordinal, kind)
);

-- Reports that came before the record of what they are about.
CREATE TABLE early_receipts (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kept_at bigint NOT NULL,
    messenger text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    reference text COLLATE "C",
    recipient text COLLATE "C",
    code text,
    detail text
);

CREATE UNIQUE INDEX early_receipts_once ON early_receipts (messenger, external_id, kind, coalesce(reference, ''));
CREATE INDEX early_receipts_reference ON early_receipts (reference) WHERE reference IS NOT NULL;
CREATE INDEX early_receipts_recipient ON early_receipts (messenger, recipient)
    WHERE reference IS NULL AND recipient IS NOT NULL;
CREATE INDEX early_receipts_age ON early_receipts (kept_at);

-- Requests under an Idempotency-Key; `life` is the life of the process that began it.
CREATE TABLE requests (
    key text COLLATE "C" PRIMARY KEY,
    fingerprint text NOT NULL,
    begun_at bigint NOT NULL,
    life bigint NOT NULL,
    message_id text COLLATE "C",
    status integer,
    body bytea,
    location text
);

CREATE INDEX requests_age ON requests (begun_at);

CREATE TABLE keys (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    digest text NOT NULL,
    senders text[] NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint
);

CREATE UNIQUE INDEX keys_in_use ON keys (name) WHERE revoked_at IS NULL;

CREATE TABLE settings (
    name text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL
);
