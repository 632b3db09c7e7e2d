//! Every limit that both sides must agree on, with its reason. Limits that only the server applies are in its settings.

/// RFC 5321 section 4.5.3.1.3 allows 256 octets for a path, which leaves 254 for the address.
pub const ADDRESS_BYTES_MAX: usize = 254;
/// RFC 5321 section 4.5.3.1.1.
pub const ADDRESS_LOCAL_PART_BYTES_MAX: usize = 64;

/// A phone, two computers, a tablet, and room; each device multiplies every message sent to the account.
pub const DEVICES_MAX: usize = 8;
/// A renewed device list may be ahead of the server's by so many: a server that was restored from a backup lacks those
/// since, one a week. A list much further ahead would use the counter up.
pub const LIST_COUNTERS_AHEAD_MAX: u64 = 100;
/// Fits on one line of a phone.
pub const DEVICE_NAME_CHARS_MAX: usize = 40;

/// Stock a device keeps on the server: enough for a hundred pre-key messages while it sleeps.
pub const ONE_TIME_PRE_KEYS_FULL: usize = 100;
/// A device that finds fewer refills to [`ONE_TIME_PRE_KEYS_FULL`].
pub const ONE_TIME_PRE_KEYS_LOW: usize = 25;

/// Signed pre-keys are replaced after this long; the previous one is kept for as long again.
pub const SIGNED_PRE_KEY_SECONDS: u64 = 7 * 24 * 3600;

/// The text of one message. Longer ones belong in a file.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 16 * 1024;
/// Content is padded to a multiple of this, so that its length says little.
pub const PADDING_STEP_BYTES: usize = 160;
/// The longest text, its sender, type and padding, the tag, and room to grow.
pub const CIPHERTEXT_BYTES_MAX: usize = 24 * 1024;
/// One envelope as JSON: the ciphertext in base64, a pre-key message's keys and signatures, the addresses.
pub const ENVELOPE_JSON_BYTES_MAX: usize = 48 * 1024;
/// People in one group, its own account among them. Each message is encrypted for each of their devices.
pub const GROUP_MEMBERS_MAX: usize = 50;
/// One message goes to every device of a group's members, the sender's other devices among them.
pub const ENVELOPES_PER_POST_MAX: usize = GROUP_MEMBERS_MAX * DEVICES_MAX;
/// One post as JSON. [`ENVELOPES_PER_POST_MAX`] envelopes of a text of two pages fit, each with the keys of a new session.
/// Of the longest text fit about a hundred, and a client makes several posts of it: an account's envelopes stay in one.
/// Bounds what one request takes of the server's memory.
pub const POST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The ciphertext of one ephemeral envelope with its tag: six padding steps hold two addresses of the greatest length
/// and some bytes. What is longer is a message.
pub const EPHEMERAL_CIPHERTEXT_BYTES_MAX: usize = 6 * PADDING_STEP_BYTES + 16;
/// Accounts to whose devices one post of ephemeral envelopes goes. In a group of more other members nobody is told who
/// types: some hundred envelopes every few seconds are much for a phone.
pub const EPHEMERAL_ACCOUNTS_MAX: usize = 20;
/// One post of ephemeral envelopes goes to all devices of so many accounts.
pub const EPHEMERAL_PER_POST_MAX: usize = EPHEMERAL_ACCOUNTS_MAX * DEVICES_MAX;
/// Ephemeral envelopes in one answer to a poll. A poll is answered with the first; more come only while it wakes.
pub const POLL_EPHEMERAL_MAX: usize = 16;

/// Undelivered envelopes in one mailbox, by count. Past it a sender is told, and nothing is dropped.
pub const MAILBOX_ENVELOPES_MAX: u64 = 10_000;
/// Undelivered envelopes in one mailbox, by bytes of JSON.
pub const MAILBOX_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// An envelope that nobody fetched is dropped after this long.
pub const ENVELOPE_LIFE_SECONDS: u64 = 30 * 24 * 3600;

/// A poll answers empty after this long unless it asks for less: under the 30 s at which many proxies cut.
pub const POLL_SECONDS_DEFAULT: u32 = 25;
/// No poll is held longer than this.
pub const POLL_SECONDS_MAX: u32 = 50;
/// Envelopes in one answer to a poll; the rest follow in the next.
pub const POLL_DELIVERIES_MAX: usize = 50;

/// The sealed vault: the account key, a profile with a picture, [`CONTACTS_MAX`] contacts with the longest addresses and
/// names, and as many groups as an account may have.
pub const VAULT_BYTES_MAX: usize = 1024 * 1024;
/// People in one account's contact list.
pub const CONTACTS_MAX: usize = 1_000;

/// One sealed piece of history: a few hundred messages of the usual length, and at least eight of the longest.
pub const SEGMENT_BYTES_MAX: usize = 256 * 1024;
/// A segment is padded to a multiple of this and grows by its seal, so a shorter one comes from a broken client. Bounds
/// what each segment costs beside its bytes, in an answer and on the server.
pub const SEGMENT_BYTES_MIN: usize = 1024;
/// Segments in one answer, by their bytes together: a few seconds on a slow line.
pub const HISTORY_ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// What AES-256-GCM adds to each chunk of a file.
pub const FILE_TAG_BYTES: usize = 16;
/// One chunk of a file as the server has it: a mebibyte of the file, encrypted, and the tag. A chunk is what is sent again
/// after a cut, and what one upload takes of the server's memory.
pub const FILE_CHUNK_BYTES: usize = 1024 * 1024 + FILE_TAG_BYTES;
/// A file of no bytes is one tag. What is shorter comes from a broken client.
pub const FILE_BYTES_MIN: u64 = FILE_TAG_BYTES as u64;
/// A file counts as at least so many bytes, about what its rows and a disk's block take. So a quota bounds the number of
/// files as well.
pub const FILE_COUNTED_BYTES_MIN: u64 = 4 * 1024;
/// Bytes of the address to which word for a browser is sent. Those of today's push services have 100 to 600.
pub const PUSH_ENDPOINT_BYTES_MAX: usize = 2_048;
/// An upload that got no chunk for this long is removed. A night's sleep in the middle does no harm.
pub const UPLOAD_LIFE_SECONDS: u64 = 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    /// The same figures as in `docs/protocol.md` and in older programs: a change must be meant.
    #[test]
    fn limits_are_what_is_written_down() {
        assert_eq!(SIGNED_PRE_KEY_SECONDS, 604_800);
        assert_eq!(MESSAGE_TEXT_BYTES_MAX, 16_384);
        assert_eq!(CIPHERTEXT_BYTES_MAX, 24_576);
        assert_eq!(ENVELOPE_JSON_BYTES_MAX, 49_152);
        assert_eq!(GROUP_MEMBERS_MAX, 50);
        assert_eq!(ENVELOPES_PER_POST_MAX, 400);
        assert_eq!(POST_BYTES_MAX, 4_194_304);
        assert_eq!(EPHEMERAL_CIPHERTEXT_BYTES_MAX, 976);
        assert_eq!(EPHEMERAL_PER_POST_MAX, 160);
        assert_eq!(MAILBOX_BYTES_MAX, 67_108_864);
        assert_eq!(ENVELOPE_LIFE_SECONDS, 2_592_000);
        assert_eq!(VAULT_BYTES_MAX, 1_048_576);
        assert_eq!(SEGMENT_BYTES_MAX, 262_144);
        assert_eq!(HISTORY_ANSWER_BYTES_MAX, 1_048_576);
        assert_eq!(FILE_CHUNK_BYTES, 1_048_592);
        assert_eq!(FILE_BYTES_MIN, 16);
        assert_eq!(FILE_COUNTED_BYTES_MIN, 4_096);
        assert_eq!(PUSH_ENDPOINT_BYTES_MAX, 2_048);
        assert_eq!(UPLOAD_LIFE_SECONDS, 86_400);
    }
}
