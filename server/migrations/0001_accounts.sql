-- Accounts, their devices and pre-keys, sign-ins, contacts, invites.
-- Times are milliseconds since 1970. Ids of devices and sign-ins are UUIDs, as 16 bytes.
-- Nothing here opens a message: public keys, signatures, hashes, and sealed boxes.

-- What the server itself must not lose. The OPAQUE set-up: without it no password fits any more.
CREATE TABLE server_secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    id            INTEGER PRIMARY KEY,
    -- Canonical (wire::address): one address, one account.
    email         TEXT    NOT NULL UNIQUE,
    created       INTEGER NOT NULL,
    -- RegistrationRecord (RFC 9807 section 5.1).
    opaque_record BLOB    NOT NULL,
    -- SubjectPublicKeyInfo of the RSA account key.
    account_key   BLOB    NOT NULL,
    -- Sealed in the browser; the server cannot open it.
    vault         BLOB    NOT NULL,
    -- The newest signed device list, as JSON, and its counter, which only grows.
    device_list   TEXT    NOT NULL,
    list_counter  INTEGER NOT NULL
) STRICT;

-- A revoked device keeps its row, so that its id is never taken again.
CREATE TABLE devices (
    id          BLOB    PRIMARY KEY,
    account_id  INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,
    -- The signed certificate, as JSON.
    certificate TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    -- The beginning of a day: coarse on purpose.
    last_seen   INTEGER NOT NULL,
    revoked     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_of_account ON devices (account_id);

-- The current signed pre-keys of a device: one X25519, one ML-KEM-768. Older ones live on with the device alone.
CREATE TABLE signed_pre_keys (
    device_id BLOB    NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    kind      TEXT    NOT NULL CHECK (kind IN ('x25519', 'ml-kem-768')),
    id        INTEGER NOT NULL,
    key       BLOB    NOT NULL,
    signature BLOB    NOT NULL,
    PRIMARY KEY (device_id, kind)
) STRICT, WITHOUT ROWID;

-- One-time pre-keys nobody has claimed yet. Claiming deletes.
CREATE TABLE one_time_pre_keys (
    device_id BLOB    NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    id        INTEGER NOT NULL,
    key       BLOB    NOT NULL,
    PRIMARY KEY (device_id, id)
) STRICT, WITHOUT ROWID;

-- The hash of every X25519 and ML-KEM key that was ever published: none is taken twice, from any device.
CREATE TABLE seen_keys (
    key_hash  BLOB PRIMARY KEY,
    device_id BLOB NOT NULL REFERENCES devices (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_keys_of_device ON seen_keys (device_id);

CREATE TABLE sign_ins (
    id         BLOB    PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- NULL until the browser has registered its device.
    device_id  BLOB    REFERENCES devices (id) ON DELETE CASCADE,
    -- SHA-256 of the token: who reads the database signs in as nobody.
    token_hash BLOB    NOT NULL UNIQUE,
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_of_account ON sign_ins (account_id);
CREATE INDEX sign_ins_of_device ON sign_ins (device_id);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires);

-- "account_id added contact_id". Each side has a row of its own.
CREATE TABLE contacts (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    contact_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created    INTEGER NOT NULL,
    PRIMARY KEY (account_id, contact_id),
    CHECK (account_id <> contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contacts_by_contact ON contacts (contact_id);

-- "account_id takes nothing from blocked_id".
CREATE TABLE blocks (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    blocked_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created    INTEGER NOT NULL,
    PRIMARY KEY (account_id, blocked_id),
    CHECK (account_id <> blocked_id)
) STRICT, WITHOUT ROWID;

-- Each is claimed by at most one account, in the transaction that makes the account.
CREATE TABLE invites (
    id         INTEGER PRIMARY KEY,
    -- SHA-256 of the token, which is shown once.
    token_hash BLOB    NOT NULL UNIQUE,
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    claimed    INTEGER
) STRICT;
