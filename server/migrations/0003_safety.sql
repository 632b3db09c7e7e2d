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
