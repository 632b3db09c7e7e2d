-- Browsers that somebody has signed in from. Each has limits of its own when it signs in again.
CREATE TABLE known_browsers (
    -- SHA-256 of the token that the browser keeps. One browser may know several accounts.
    token_hash BLOB    NOT NULL CHECK (length(token_hash) = 32),
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    PRIMARY KEY (token_hash, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_browsers_of_account ON known_browsers (account_id, created);
CREATE INDEX known_browsers_by_expiry ON known_browsers (expires);

-- "account_id does not want the request of declined_id". Shown to nobody; adding them lifts it.
CREATE TABLE declines (
    account_id  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    declined_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created     INTEGER NOT NULL,
    PRIMARY KEY (account_id, declined_id),
    CHECK (account_id <> declined_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX declines_of_declined ON declines (declined_id);

-- Vaults that were replaced: of each day the one that was there when the day's first change came.
CREATE TABLE earlier_vaults (
    key        INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- The beginning of that day.
    day        INTEGER NOT NULL,
    replaced   INTEGER NOT NULL,
    vault      BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX earlier_vaults_of_account ON earlier_vaults (account_id, day);
CREATE INDEX earlier_vaults_by_age ON earlier_vaults (day);

-- By which name OPAQUE knows the account's record (RFC 9807, credential identifier): random, and another with each record.
-- Records from before were made under the address.
ALTER TABLE accounts ADD COLUMN credential BLOB NOT NULL DEFAULT x'';
UPDATE accounts SET credential = CAST(email AS BLOB);
