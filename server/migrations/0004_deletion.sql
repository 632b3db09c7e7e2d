-- What stays for a while when an account is deleted, and what is still to go.

-- The highest id that an account ever had: the next one is higher, also when accounts were deleted. Ids stand in
-- mailboxes, where a letter that waits counts against its sender.
CREATE TABLE account_ids (
    the_row INTEGER PRIMARY KEY CHECK (the_row = 1),
    last    INTEGER NOT NULL
) STRICT;
INSERT INTO account_ids SELECT 1, coalesce(max(id), 0) FROM accounts;
CREATE TRIGGER account_ids_grow AFTER INSERT ON accounts BEGIN
    UPDATE account_ids SET last = NEW.id WHERE last < NEW.id;
END;

-- Addresses whose account was deleted. Until then nobody makes another one.
CREATE TABLE resting_addresses (
    address TEXT    PRIMARY KEY,
    until   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX resting_addresses_by_end ON resting_addresses (until);

-- "account_id had added address, whose account was deleted". Until then account_id is told so.
CREATE TABLE deleted_contacts (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    address    TEXT    NOT NULL,
    until      INTEGER NOT NULL,
    PRIMARY KEY (account_id, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX deleted_contacts_by_end ON deleted_contacts (until);

-- What other files keep of deleted accounts: mailboxes by device, histories by the hash of the account key. A row goes
-- when that is gone.
CREATE TABLE leftovers (
    kind TEXT NOT NULL CHECK (kind IN ('mailbox', 'history')),
    id   BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
