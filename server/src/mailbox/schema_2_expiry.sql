-- For the word to the sender when nobody fetches an envelope in time: its id and the sender's device. NULL in older
-- rows, of which nobody is told.
ALTER TABLE envelopes ADD COLUMN id BLOB;
ALTER TABLE envelopes ADD COLUMN sender BLOB;
-- 1: such a word, of which nobody is told in turn.
ALTER TABLE envelopes ADD COLUMN is_notice INTEGER NOT NULL DEFAULT 0;
