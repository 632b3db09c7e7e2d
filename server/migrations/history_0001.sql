-- Sealed history, in a file of its own. Nothing here says whose it is but the hash of an account's public key.

-- One row for each account that ever kept something. The counters spare a scan when the quota is checked; last_sequence
-- outlives the segments, so that no place is given twice.
CREATE TABLE histories (
    key           INTEGER PRIMARY KEY,
    -- SHA-256 of the account key: an account that is made again under the same address begins with nothing.
    owner         BLOB    NOT NULL UNIQUE CHECK (length(owner) = 32),
    last_sequence INTEGER NOT NULL,
    segments      INTEGER NOT NULL CHECK (segments >= 0),
    bytes         INTEGER NOT NULL CHECK (bytes >= 0),
    -- When the newest segment came.
    last_added    INTEGER NOT NULL
) STRICT;

-- A table with a rowid, because blobs of this size would spill out of an index's pages.
CREATE TABLE segments (
    key      INTEGER PRIMARY KEY,
    history  INTEGER NOT NULL REFERENCES histories (key),
    sequence INTEGER NOT NULL,
    id       BLOB    NOT NULL CHECK (length(id) = 16),
    created  INTEGER NOT NULL,
    segment  BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX segments_in_order ON segments (history, sequence);
CREATE UNIQUE INDEX segments_by_id ON segments (history, id);
