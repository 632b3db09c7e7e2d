-- Where a device's browser is told that something waits: an address that its push service gave it. Nothing of a message
-- goes there.
CREATE TABLE push_subscriptions (
    device_id BLOB PRIMARY KEY REFERENCES devices (id) ON DELETE CASCADE,
    endpoint  TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;
