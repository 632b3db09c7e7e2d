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
    /// Signed by the account key.
    pub certificate: Certificate,
    /// At most [`limits::DEVICE_NAME_CHARS_MAX`](crate::limits::DEVICE_NAME_CHARS_MAX) characters.
    pub name: String,
    /// Both signed pre-keys, and a stock of one-time pre-keys.
    pub pre_keys: PreKeyUpload,
}

/// `POST /devices`: adds the device to the account and binds this sign-in to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterDevice {
    /// The list with the device as its last entry, its counter one higher.
    pub device_list: DeviceList,
    /// The device that is added.
    pub device: DeviceUpload,
}

/// `POST /devices/<id>/revoke`: the list without the device, its counter one higher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeDevice {
    /// The list without the device.
    pub device_list: DeviceList,
}

/// `PUT /devices/list`: the list with the same devices, signed again, its counter higher by
/// [`limits::LIST_COUNTERS_AHEAD_MAX`](crate::limits::LIST_COUNTERS_AHEAD_MAX) at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewDeviceList {
    /// The renewed list.
    pub device_list: DeviceList,
}

/// `PUT /devices/<id>/name`: what its owner calls it. The server knows it, and shows it to nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameDevice {
    /// At most [`limits::DEVICE_NAME_CHARS_MAX`](crate::limits::DEVICE_NAME_CHARS_MAX) characters.
    pub name: String,
}

/// `GET /devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Devices {
    /// In the order of the device list.
    pub devices: Vec<Device>,
    /// Newest first. Those that have expired or whose device was revoked are left out.
    pub sign_ins: Vec<SignIn>,
}

/// A device, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its id in the device list.
    pub id: DeviceId,
    /// What its owner calls it.
    pub name: String,
    /// Milliseconds since 1970.
    pub created: u64,
    /// The day of its last poll, in milliseconds since 1970; coarse on purpose.
    pub last_seen: u64,
    /// The one that asks.
    pub this: bool,
}

/// A sign-in, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Names it in `DELETE /sign-ins/<id>`.
    pub id: SignInId,
    /// The device that it speaks for, if it speaks for one.
    pub device: Option<DeviceId>,
    /// Milliseconds since 1970.
    pub created: u64,
    /// Milliseconds since 1970.
    pub expires: u64,
    /// The one that asks.
    pub this: bool,
}
