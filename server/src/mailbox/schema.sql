-- One row for each mailbox. The counters spare a scan when the limits are checked; last_cursor outlives the envelopes,
-- so that no cursor is used twice.
CREATE TABLE mailboxes (
    key         INTEGER PRIMARY KEY,
    device      BLOB    NOT NULL UNIQUE CHECK (length(device) = 16),
    last_cursor INTEGER NOT NULL,
    envelopes   INTEGER NOT NULL CHECK (envelopes >= 0),
    bytes       INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;

-- What waits to be fetched. A table with a rowid, because JSON of a kilobyte would spill out of an index's pages.
CREATE TABLE envelopes (
    key         INTEGER PRIMARY KEY,
    mailbox     INTEGER NOT NULL REFERENCES mailboxes (key),
    cursor      INTEGER NOT NULL,
    accepted_ms INTEGER NOT NULL,
    json        TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX envelopes_in_order ON envelopes (mailbox, cursor);
CREATE INDEX envelopes_by_age ON envelopes (accepted_ms);

-- Ids that were accepted, kept longer than their envelopes: a retry after the delivery must not deliver again.
CREATE TABLE accepted_ids (
    mailbox     INTEGER NOT NULL REFERENCES mailboxes (key),
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    digest      BLOB    NOT NULL CHECK (length(digest) = 16),
    accepted_ms INTEGER NOT NULL,
    PRIMARY KEY (mailbox, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX accepted_ids_by_age ON accepted_ids (accepted_ms);
