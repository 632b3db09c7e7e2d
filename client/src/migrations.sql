-- One account on one computer. Everything but where the server is, and whose account, is sealed.
CREATE TABLE account (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    server TEXT NOT NULL,
    email TEXT NOT NULL
) STRICT;

-- In one of two states: the keys themselves, or what a passphrase locked.
CREATE TABLE keys (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    store_key BLOB,
    account_key BLOB,
    wrapped_account_key BLOB,
    locked BLOB,
    CHECK ((store_key IS NULL) <> (locked IS NULL))
) STRICT;

CREATE TABLE records (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Sealed chunks of files that are on their way.
CREATE TABLE chunks (
    file BLOB NOT NULL,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (file, number)
) STRICT;

-- What the processes of this account tell each other.
CREATE TABLE frames (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    process INTEGER NOT NULL,
    told_ms INTEGER NOT NULL,
    frame BLOB NOT NULL
) STRICT;
