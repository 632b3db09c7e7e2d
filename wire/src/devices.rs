//! Devices and sign-ins, as their owner registers and lists them.

use crate::{
    certificate::{Certificate, DeviceList},
    ids::{DeviceId, SignInId},
    pre_keys::PreKeyUpload,
};
use serde::{Deserialize, Serialize};

/// A request's header that names the device it speaks for. Two accounts take turns in one browser, and a page of the
/// first stays open: without it that page would read, and acknowledge, the mailbox of the second.
pub const DEVICE_HEADER: &str = "Cliquet-Device";

/// A new device: its certificate, a name for its owner, and all its pre-keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceUpload {
    pub certificate: Certificate,
    pub name: String,
    pub pre_keys: PreKeyUpload,
}

/// `POST /devices`: adds the device to the account and binds this sign-in to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterDevice {
    pub device_list: DeviceList,
    pub device: DeviceUpload,
}

/// `POST /devices/<id>/revoke`: the list without the device, its counter one higher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeDevice {
    pub device_list: DeviceList,
}

/// `PUT /devices/<id>/name`: what its owner calls it. The server knows it, and shows it to nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameDevice {
    pub name: String,
}

/// `GET /devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Devices {
    pub devices: Vec<Device>,
    pub sign_ins: Vec<SignIn>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    pub name: String,
    /// Milliseconds since 1970.
    pub created: u64,
    /// The day of its last poll, in milliseconds since 1970; coarse on purpose.
    pub last_seen: u64,
    /// The one that asks.
    pub this: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    pub id: SignInId,
    pub device: Option<DeviceId>,
    /// Milliseconds since 1970.
    pub created: u64,
    /// Milliseconds since 1970.
    pub expires: u64,
    /// The one that asks.
    pub this: bool,
}
