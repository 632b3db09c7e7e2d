//! Limits that only a client applies, with their reasons. Those of both sides are in `cliquet_wire::limits`.

/// Messages that may be missing within one receiving chain: enough for a lively day, and their keys are quick to
/// derive.
pub const SKIPPED_PER_CHAIN_MAX: usize = 1_000;
/// Skipped keys kept in all; the oldest chain's go first.
pub const SKIPPED_MAX: usize = 2_000;
/// Finished receiving chains that are remembered, to decrypt late messages and to recognise duplicates.
pub const CHAINS_MAX: usize = 5;
/// Sessions with one peer device: one in use, the others for messages that are still under way.
pub const SESSIONS_PER_PEER_MAX: usize = 5;
/// Pre-key messages of one peer device that are remembered while the pre-key they used lives. Only the peer itself can
/// add to them: a pre-key message counts once it has opened.
pub const PRE_KEY_MESSAGES_SEEN_MAX: usize = 256;
/// One-time pre-keys kept in all: the stock, and those handed out that never came back.
pub const ONE_TIME_SECRETS_MAX: usize = 500;
/// The vault's body grows in steps of this, so that its length says little about how many contacts there are.
pub const VAULT_PADDING_STEP_BYTES: usize = 4_096;
/// Devices whose history segments the vault counts: eight at a time, and those that were removed. A head has about 70
/// bytes.
pub const HISTORY_HEADS_MAX: usize = 256;
/// Keys of the history that were in use before the present one: each removal of a device adds one, of 34 bytes. Past it the
/// oldest goes, and what it sealed is read by no new device.
pub const HISTORY_KEYS_MAX: usize = 256;
/// A history segment grows in steps of this.
pub const SEGMENT_PADDING_STEP_BYTES: usize = 1_024;
