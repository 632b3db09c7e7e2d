-- Files that people sent, in a file of its own. The bytes are in a folder or an object store; nothing here says what they
-- are, who may read them, or whose they are but the hash of an account's public key.

-- Which folder or bucket belongs to this database: it holds the same bytes. Without that, nothing there is collected.
CREATE TABLE store (
    the_row INTEGER PRIMARY KEY CHECK (the_row = 1),
    id      BLOB    NOT NULL CHECK (length(id) = 16)
) STRICT;
INSERT INTO store VALUES (1, randomblob(16));

-- An upload, and the file that it becomes when its last chunk is there.
CREATE TABLE files (
    key      INTEGER PRIMARY KEY,
    -- SHA-256 of the id: who reads the database can ask for nothing.
    id_hash  BLOB    NOT NULL UNIQUE CHECK (length(id_hash) = 32),
    -- SHA-256 of the account key.
    owner    BLOB    NOT NULL CHECK (length(owner) = 32),
    -- Under which its chunks are stored: random, another one for every upload, so that no chunk of a removed file is ever
    -- taken for one of a later file.
    name     BLOB    NOT NULL UNIQUE CHECK (length(name) = 16),
    -- The announced length.
    bytes    INTEGER NOT NULL CHECK (bytes > 0),
    -- What it takes of the quotas.
    counted  INTEGER NOT NULL CHECK (counted >= bytes),
    -- When it was opened, when its newest chunk came; once it is complete, when that was.
    changed  INTEGER NOT NULL,
    -- Chunks that are still to come. 0: complete.
    missing  INTEGER NOT NULL CHECK (missing >= 0)
) STRICT;
CREATE INDEX files_of_owner ON files (owner, counted);
CREATE INDEX files_by_age ON files (missing = 0, changed);

-- The chunks that are there. The digest is a part of the name of the object.
CREATE TABLE chunks (
    file   INTEGER NOT NULL REFERENCES files (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    digest BLOB    NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (file, number)
) STRICT, WITHOUT ROWID;
