-- An invite may be good for several accounts.
ALTER TABLE invites ADD COLUMN uses INTEGER NOT NULL DEFAULT 1 CHECK (uses > 0);
ALTER TABLE invites ADD COLUMN used INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses);
UPDATE invites SET used = 1 WHERE claimed IS NOT NULL;
ALTER TABLE invites DROP COLUMN claimed;
