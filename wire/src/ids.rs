//! Names of things. Each is a type of its own, so that none can be used where another is meant.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::{Builder, Uuid};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Encode, Decode)]
        #[serde(transparent)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(n(0), with = "crate::cbor::uuid")] pub Uuid);

        impl $name {
            /// As `Display` writes it, without the standard library's formatting, which is large in WASM.
            pub fn text(&self) -> String {
                self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id! {
    /// One browser profile of one account: a random UUID (version 4), chosen by the device.
    DeviceId
}
id! {
    /// One envelope: a UUID of version 7, chosen by the sender, so that a retry is recognised.
    EnvelopeId
}
id! {
    /// One sign-in, as its owner sees it in the list. Says nothing about the token.
    SignInId
}
id! {
    /// One segment of an account's history: a UUID of version 7, chosen by the device that sealed it. A retry uses the
    /// same one.
    SegmentId
}

/// A device's pre-key, numbered by the device and never reused.
pub type PreKeyId = u32;

impl DeviceId {
    /// A UUID of version 4 from 16 random bytes, of which 122 bits are used.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(Builder::from_random_bytes(random).into_uuid())
    }
}

impl EnvelopeId {
    /// Time and randomness are handed in: the pure code has neither.
    pub fn from_parts(now_ms: u64, random: [u8; 10]) -> Self {
        Self(Builder::from_unix_timestamp_millis(now_ms, &random).into_uuid())
    }
}

impl SegmentId {
    /// Time and randomness are handed in: the pure code has neither.
    pub fn from_parts(now_ms: u64, random: [u8; 10]) -> Self {
        Self(Builder::from_unix_timestamp_millis(now_ms, &random).into_uuid())
    }
}

impl SignInId {
    /// A UUID of version 4 from 16 random bytes, of which 122 bits are used.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(Builder::from_random_bytes(random).into_uuid())
    }
}
