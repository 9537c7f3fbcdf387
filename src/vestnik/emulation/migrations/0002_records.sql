-- What a messenger keeps beside the journal: JSON documents by kind and key. Those that are lasting outlive a reset.
CREATE TABLE record (
    messenger TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    lasting INTEGER NOT NULL,
    PRIMARY KEY (messenger, kind, key)
) WITHOUT ROWID, STRICT;

-- Files that bots and people sent, oldest first by id.
CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    messenger TEXT NOT NULL,
    key TEXT NOT NULL,
    size INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX blob_by_key ON blob (messenger, key);
CREATE INDEX blob_sizes ON blob (messenger, id, size);
