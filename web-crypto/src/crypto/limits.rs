//! Limits that only a client applies, with their reasons. Those of both sides stand in `cliquet_wire::limits`.

/// Messages that may be missing within one receiving chain: a day of lively talk lost, and still a step of microseconds.
pub const SKIPPED_PER_CHAIN_MAX: usize = 1_000;
/// Skipped keys kept in all; the oldest chain's go first.
pub const SKIPPED_MAX: usize = 2_000;
/// Finished receiving chains that are remembered, for late messages and to know a duplicate as one.
pub const CHAINS_MAX: usize = 5;
/// Sessions with one peer device: one in use, the others for what is still under way.
pub const SESSIONS_PER_PEER_MAX: usize = 5;
/// First messages of one peer device that are remembered while the pre-key they used lives. Only the peer itself can
/// add to them: a first message counts once it has opened.
pub const FIRSTS_SEEN_MAX: usize = 256;
/// One-time pre-keys kept in all: the stock, and those handed out that never came back.
pub const ONE_TIME_SECRETS_MAX: usize = 500;
/// The vault's body grows in steps of this, so that its length says little about how many contacts there are.
pub const VAULT_PADDING_STEP_BYTES: usize = 1_024;
/// A history segment grows in steps of this.
pub const SEGMENT_PADDING_STEP_BYTES: usize = 1_024;
