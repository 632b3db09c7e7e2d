//! The boundary between the program of the sign-in page and the app.
//!
//! Making a device takes most of the app's code, and home needs that anyway. So the sign-in page's program is small, loads
//! the app while a person types, and hands it what the password gave. Both ends are here: one request and one answer, each
//! encoded once as JSON. The password never crosses.

use super::AccountError;
use cliquet_wire::{address::Address, bytes::Blob};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What the app is asked to do.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Whether this browser keeps a device of this address that the server may not know.
    HasPendingDevice(Address),
    MakeAccount(MakeAccount),
    EnterAccount(EnterAccount),
}

/// A sign-up whose password part is done.
#[derive(Serialize, Deserialize)]
pub struct MakeAccount {
    pub email: Address,
    /// 64 secret bytes that only the password gives. They seal the new vault.
    #[serde(with = "wiped")]
    pub export_key: Zeroizing<Vec<u8>>,
    /// OPAQUE's RegistrationRecord.
    pub record: Blob,
    pub invite: Option<String>,
    /// The person agreed that an earlier account of this address, which this browser keeps, is removed.
    pub may_replace: bool,
    /// How this browser is called among the account's devices.
    pub device_name: String,
}

/// A sign-in whose password part is done.
#[derive(Serialize, Deserialize)]
pub struct EnterAccount {
    pub email: Address,
    /// 64 secret bytes that only the password gives. They open the vault.
    #[serde(with = "wiped")]
    pub export_key: Zeroizing<Vec<u8>>,
    /// Names the sign-in that the server remembers.
    pub attempt: Uuid,
    /// OPAQUE's KE3.
    pub finalization: Blob,
    /// As in [`MakeAccount`].
    pub may_replace: bool,
    pub device_name: String,
}

/// Secret bytes, as a list of numbers.
mod wiped {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(bytes: &Zeroizing<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        bytes.as_slice().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Zeroizing<Vec<u8>>, D::Error> {
        Vec::deserialize(from).map(Zeroizing::new)
    }
}

/// Shows no secret and no address.
impl std::fmt::Debug for MakeAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MakeAccount(…)")
    }
}

impl std::fmt::Debug for EnterAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnterAccount(…)")
    }
}

/// What the app answers when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Done,
    /// To [`Request::HasPendingDevice`].
    HasPendingDevice(bool),
}

/// The program that makes and enters accounts.
#[allow(async_fn_in_trait)] // nothing here is sent between threads
pub trait AccountProgram {
    /// Loads the program. Nothing is sent to the server before all that will be needed is here.
    ///
    /// # Errors
    /// [`AccountError::ProgramNotLoaded`]; the next call tries again.
    async fn ready(&self) -> Result<(), AccountError>;

    async fn run(&self, request: Request) -> Result<Answer, AccountError>;
}

/// The bytes of a request, on their way to the app.
pub fn encode_request(request: &Request) -> Zeroizing<Vec<u8>> {
    // Types of ours: there is nothing in them that JSON cannot say.
    Zeroizing::new(serde_json::to_vec(request).unwrap_or_default())
}

/// The bytes of an answer, on their way to the page's program.
pub fn encode_answer(answer: &Result<Answer, AccountError>) -> Vec<u8> {
    serde_json::to_vec(answer).unwrap_or_default()
}

/// Reads the app's answer.
///
/// # Errors
/// What the app said, or [`AccountError::OtherRelease`] when it does not read.
pub fn decode_answer(answer: &[u8]) -> Result<Answer, AccountError> {
    serde_json::from_slice(answer).unwrap_or(Err(AccountError::OtherRelease))
}
