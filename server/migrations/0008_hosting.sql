-- Since when the host keeps an account out.
ALTER TABLE accounts ADD COLUMN suspended INTEGER;

-- What the host did. It names accounts and invites, and nothing that an account holds.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    time    INTEGER NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL
) STRICT;
