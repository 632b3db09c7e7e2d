-- Whether it came with the receiver's delivery token: such an envelope stays when its sender's request is declined.
ALTER TABLE envelopes ADD COLUMN by_token INTEGER NOT NULL DEFAULT 0 CHECK (by_token IN (0, 1));
