-- SHA-256 of the secret with which people write to an account that has not added them. NULL: nobody can.
ALTER TABLE accounts ADD COLUMN delivery_token BLOB CHECK (length(delivery_token) = 32);
