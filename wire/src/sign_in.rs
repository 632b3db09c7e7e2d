//! Sign-up and sign-in: OPAQUE messages (RFC 9807) and what goes with them. None of them contains the password.

use crate::{
    account_key::AccountKey,
    address::Address,
    bytes::{Blob, Bytes, PublicKey},
    certificate::{DeviceDirectory, DeviceList},
    device_proof::DeviceProof,
    devices::DeviceUpload,
    ids::DeviceId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The cookie that holds the token of a sign-in. `__Host-` has browsers refuse it from anyone but this host, and without TLS.
pub const SIGN_IN_COOKIE: &str = "__Host-cliquet";
/// The same on a connection without TLS: localhost, or as the host allows it.
pub const SIGN_IN_COOKIE_WITHOUT_TLS: &str = "cliquet";

/// `POST /invites/check`: whether an account could be made with this invite. The answer is empty, or a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInvite {
    /// As the invite's link has it.
    pub invite: String,
}

/// `POST /sign-up/start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpStart {
    /// As typed; the server answers with the canonical form.
    pub email: String,
    /// Needed on a server that takes accounts by invite only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
    /// RegistrationRequest (RFC 9807 section 5.1).
    pub request: Blob,
}

/// The answer to [`SignUpStart`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpStarted {
    /// The canonical form of the address.
    pub email: Address,
    /// RegistrationResponse.
    pub response: Blob,
    /// Names the record to be, for the last step. Random: the function that is evaluated depends on it.
    pub credential: Bytes<32>,
}

/// `POST /sign-up/finish`: the account, its vault and its first device come to be in one transaction, signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpFinish {
    /// As [`SignUpStarted`] gave it.
    pub email: Address,
    /// The same invite again; it is used up now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
    /// RegistrationRecord.
    pub record: Blob,
    /// Of [`SignUpStarted`].
    pub credential: Bytes<32>,
    /// Made in the browser; its private half is in the vault, wrapped.
    pub account_key: AccountKey,
    /// Sealed in the browser under OPAQUE's export key.
    pub vault: Blob,
    /// Counter 1, with the one device.
    pub device_list: DeviceList,
    /// The first device, with its pre-keys.
    pub device: DeviceUpload,
}

/// `POST /sign-in/start`. An unknown address gets an answer of the same shape and size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInStart {
    /// As typed; the answer brings the canonical form.
    pub email: String,
    /// KE1.
    pub request: Blob,
}

/// The answer to [`SignInStart`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInStarted {
    /// The canonical form of the address.
    pub email: Address,
    /// Names the attempt in the second step; expires in a minute.
    pub attempt: Uuid,
    /// KE2.
    pub response: Blob,
    /// X25519, fresh for this attempt: a device proves itself with it.
    pub challenge: PublicKey,
}

/// `POST /sign-in/finish`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInFinish {
    /// As [`SignInStarted`] gave it.
    pub attempt: Uuid,
    /// KE3.
    pub finalization: Blob,
    /// The device this browser already is, if it is one. Unknown and revoked ones are ignored; one that is not proven is
    /// refused, and with it the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceProof>,
}

/// The answer to a finished sign-up; the cookie comes with it. The browser that made the account has everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedUp {
    /// The device this sign-in speaks for.
    pub device: DeviceId,
}

/// The answer to a finished sign-in; the cookie comes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The account's current devices.
    pub directory: DeviceDirectory,
    /// Sealed; opens with the export key that the sign-in gives.
    pub vault: Blob,
    /// The device this sign-in speaks for. `None`: the browser must register one (`POST /devices`) before it can write.
    pub device: Option<DeviceId>,
}
