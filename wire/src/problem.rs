//! What went wrong, for programs: problem details (RFC 9457) with a code of ours.

use crate::address::Address;
use serde::{Deserialize, Serialize};

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `/problems#` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What a program acts on.
    pub code: ProblemCode,
    /// The HTTP status of the answer.
    pub status: u16,
    /// One line, in the reader's language.
    pub title: String,
    /// What to do about it, in the reader's language.
    pub detail: String,
    /// Seconds to wait before a new try, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// All accounts for which a post was refused, ordered. The others of the post are not concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<Address>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)*) => {
        /// Every way in which a request fails, and its HTTP status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl ProblemCode {
            /// Every code, in the order of this file.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code that is written so in JSON.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }

            /// The code as JSON has it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that goes with the code.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

codes! {
    /// Not JSON, or JSON of another shape.
    Malformed = "malformed", 422;
    /// More bytes than the route takes.
    TooLarge = "too-large", 413;
    /// The text is not an e-mail address that accounts can have.
    InvalidAddress = "invalid-address", 422;
    /// The address is taken.
    AddressTaken = "address-taken", 409;
    /// This server takes no new accounts.
    RegistrationClosed = "registration-closed", 403;
    /// An invite is needed, and there is none, or one that this server never gave out.
    InviteInvalid = "invite-invalid", 403;
    /// An account was made with this invite.
    InviteUsed = "invite-used", 403;
    /// The invite is too old.
    InviteExpired = "invite-expired", 403;
    /// An admin's account is not suspended on the page of admins.
    AdminAccount = "admin-account", 409;
    /// Wrong password or unknown address: deliberately one.
    SignInRefused = "sign-in-refused", 401;
    /// The host of this server keeps the account out. Said only to somebody who has proven that it is theirs.
    AccountSuspended = "account-suspended", 403;
    /// A sign-in named a device of the account without that device's proof. Nobody was signed in.
    DeviceRefused = "device-refused", 403;
    /// A signed-in person had to prove the password, and did not.
    PasswordRefused = "password-refused", 403;
    /// A fresh proof of the password or of the recovery key is needed for this.
    ProofNeeded = "proof-needed", 403;
    /// Wrong proof, unknown address, or an account without a recovery key: deliberately one.
    RecoveryRefused = "recovery-refused", 403;
    /// No valid sign-in came with the request.
    SignedOut = "signed-out", 401;
    /// This sign-in speaks for no device yet, or its device was revoked.
    NoDevice = "no-device", 403;
    /// The request comes from another site.
    ForeignOrigin = "foreign-origin", 403;
    /// A limit on requests was reached; `retry_after` says when to try again.
    TooManyRequests = "too-many-requests", 429;
    /// A signature, or what it covers, is wrong.
    BadSignature = "bad-signature", 422;
    /// A public key that was seen before, or an id in use.
    KeyReused = "key-reused", 409;
    /// The device list's counter is not the next one.
    ListOutdated = "list-outdated", 409;
    /// Another vault has replaced the one that this one was made from: fetch it again.
    VaultOutdated = "vault-outdated", 409;
    /// Another delivery token has replaced the one that this one was to replace: ask which one counts.
    DeliveryTokenOutdated = "delivery-token-outdated", 409;
    /// The account has as many devices as it may have, or the sign-in has a device already.
    DeviceLimit = "device-limit", 409;
    /// The account has no such device.
    UnknownDevice = "unknown-device", 404;
    /// The sender's fields are not those of the sign-in.
    WrongSender = "wrong-sender", 403;
    /// The envelopes do not name exactly the receiver's devices: fetch the directory again.
    DevicesChanged = "devices-changed", 409;
    /// No account has this address.
    UnknownAccount = "unknown-account", 404;
    /// The receiver does not take messages from this sender.
    NotAContact = "not-a-contact", 403;
    /// A contact's account was deleted. Only those who had added it are told.
    AccountDeleted = "account-deleted", 410;
    /// An account cannot add itself as a contact.
    OwnAddress = "own-address", 422;
    /// The contact list is full.
    ContactLimit = "contact-limit", 409;
    /// The mailbox of a receiving device is full. Nothing was stored.
    MailboxFull = "mailbox-full", 507;
    /// The receiver has not added the sender, who has sent as much as may be sent until then.
    Unanswered = "unanswered", 403;
    /// The same id was used for another envelope.
    IdReused = "id-reused", 409;
    /// The server keeps as much as its host allows. Nothing was stored.
    StorageFull = "storage-full", 507;
    /// The account's quota of history is used up. What is there is kept.
    HistoryFull = "history-full", 507;
    /// This server keeps no history.
    HistoryOff = "history-off", 403;
    /// This server sends no push messages.
    PushOff = "push-off", 403;
    /// The address is not one to which this server sends push messages. It keeps none for this device.
    PushEndpointRefused = "push-endpoint-refused", 422;
    /// The file is larger than this server takes. Nothing was opened.
    FileTooLarge = "file-too-large", 413;
    /// The account's files, and those that are being uploaded, use its quota up. Nothing was opened.
    FilesFull = "files-full", 507;
    /// The files of all accounts use up what this server gives them. Nothing was opened.
    ServerFilesFull = "server-files-full", 507;
    /// This server takes no files.
    FilesOff = "files-off", 403;
    /// The file has no chunk of this number.
    ChunkOutOfRange = "chunk-out-of-range", 422;
    /// The chunk is shorter or longer than the one of this number must be.
    ChunkLength = "chunk-length", 422;
    /// The file has other bytes in this chunk already. They stay.
    ChunkConflict = "chunk-conflict", 409;
    /// The account has no such upload: it never had, it was deleted, or its time was over. Open one under a new id.
    UploadGone = "upload-gone", 404;
    /// The range lies past the end of the file.
    RangeNotSatisfiable = "range-not-satisfiable", 416;
    /// A cursor that this mailbox never gave out.
    UnknownCursor = "unknown-cursor", 409;
    /// There is nothing under this address.
    NotFound = "not-found", 404;
    /// A store does not answer. Nothing was changed; try again.
    Unavailable = "unavailable", 503;
    /// The server stops. Try again in a moment.
    ShuttingDown = "shutting-down", 503;
    /// A fault of the server.
    Internal = "internal", 500;
}
