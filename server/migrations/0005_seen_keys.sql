-- The keys that were published, in the order in which they came: the oldest of a device are forgotten.

CREATE TABLE numbered_seen_keys (
    number    INTEGER PRIMARY KEY,
    key_hash  BLOB    NOT NULL UNIQUE,
    device_id BLOB    NOT NULL REFERENCES devices (id) ON DELETE CASCADE
) STRICT;
INSERT INTO numbered_seen_keys (key_hash, device_id) SELECT key_hash, device_id FROM seen_keys;
DROP TABLE seen_keys;
ALTER TABLE numbered_seen_keys RENAME TO seen_keys;
CREATE INDEX seen_keys_of_device ON seen_keys (device_id, number);
