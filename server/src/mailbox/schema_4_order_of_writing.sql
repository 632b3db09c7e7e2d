-- Fewer pages are written for a message. Ids begin with the time at which they were made, so that those of one moment lie
-- on one page, whatever mailbox they are for. What is past its life is found by a sweep, without indexes by age.
CREATE TABLE ids (
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    mailbox     INTEGER NOT NULL,
    digest      BLOB    NOT NULL CHECK (length(digest) = 16),
    accepted_ms INTEGER NOT NULL,
    stranger    INTEGER,
    PRIMARY KEY (id, mailbox)
) STRICT, WITHOUT ROWID;
INSERT INTO ids SELECT id, mailbox, digest, accepted_ms, stranger FROM accepted_ids ORDER BY id, mailbox;
DROP TABLE accepted_ids;
ALTER TABLE ids RENAME TO accepted_ids;
CREATE INDEX accepted_ids_of_strangers ON accepted_ids (mailbox, stranger) WHERE stranger IS NOT NULL;
DROP INDEX envelopes_by_age;

-- The ids of a mailbox that is gone stay until the sweep meets them, and so no other mailbox may get its key.
CREATE TABLE numbered (
    key         INTEGER PRIMARY KEY AUTOINCREMENT,
    device      BLOB    NOT NULL UNIQUE CHECK (length(device) = 16),
    last_cursor INTEGER NOT NULL,
    envelopes   INTEGER NOT NULL CHECK (envelopes >= 0),
    bytes       INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
INSERT INTO numbered SELECT key, device, last_cursor, envelopes, bytes FROM mailboxes ORDER BY key;
DROP TABLE mailboxes;
ALTER TABLE numbered RENAME TO mailboxes;

-- What groups of commands did that is not in the tables above yet: the next start brings them up to it.
CREATE TABLE journal (
    key     INTEGER PRIMARY KEY,
    entries BLOB    NOT NULL
) STRICT;
