-- Whose account sent it, so that no sender uses more than a share of a mailbox. NULL in notices and in older rows.
ALTER TABLE envelopes ADD COLUMN account INTEGER;
-- The account of a sender that the receiver had not added yet. Others are not in the index, and cost nothing there.
ALTER TABLE accepted_ids ADD COLUMN stranger INTEGER;
CREATE INDEX accepted_ids_of_strangers ON accepted_ids (mailbox, stranger) WHERE stranger IS NOT NULL;
