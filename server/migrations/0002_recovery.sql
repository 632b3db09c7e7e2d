-- What a recovery key is checked by: SHA-256 of the proof that is made from it, and when it was set. Both or neither.
ALTER TABLE accounts ADD COLUMN recovery_verifier BLOB CHECK (length(recovery_verifier) = 32);
ALTER TABLE accounts ADD COLUMN recovery_set INTEGER CHECK ((recovery_set IS NULL) = (recovery_verifier IS NULL));
