//! The exact bytes that a signature by an account key covers.
//!
//! Context label, version, then every field after its length as four big-endian bytes: no two statements, and no two
//! kinds of statement, ever give the same bytes. The signature is RSASSA-PSS (RFC 8017 section 8.1) with SHA-256,
//! MGF1 with SHA-256, and a salt of 32 bytes.

/// What kind of statement is signed. A signature of one kind never verifies as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// [`Certificate`](crate::certificate::Certificate).
    Certificate,
    /// [`SignedPreKey`](crate::pre_keys::SignedPreKey).
    SignedPreKey,
    /// [`KemPreKey`](crate::pre_keys::KemPreKey).
    KemPreKey,
    /// [`DeviceList`](crate::certificate::DeviceList).
    DeviceList,
    /// What a member says about a group. Only clients read it.
    GroupStatement,
}

impl Context {
    /// Every context, for tests that compare each with each.
    pub const ALL: [Self; 5] =
        [Self::Certificate, Self::SignedPreKey, Self::KemPreKey, Self::DeviceList, Self::GroupStatement];

    /// The first field of every statement of this kind.
    pub fn label(self) -> &'static str {
        match self {
            Self::Certificate => "Cliquet/1 device certificate",
            Self::SignedPreKey => "Cliquet/1 signed X25519 pre-key",
            Self::KemPreKey => "Cliquet/1 signed ML-KEM-768 pre-key",
            Self::DeviceList => "Cliquet/1 device list",
            Self::GroupStatement => "Cliquet/1 group statement",
        }
    }
}

/// Bytes in which every field follows its length.
#[derive(Clone, Debug)]
pub struct SignedBytes(Vec<u8>);

impl SignedBytes {
    /// The beginning of a statement: the context's label and the protocol's version.
    pub fn new(context: Context) -> Self {
        Self::labelled(context.label())
    }

    /// The same framing for bytes that are authenticated rather than signed.
    pub fn labelled(label: &str) -> Self {
        // Room for what every message has; only a pre-key message needs more.
        Self(Vec::with_capacity(512)).field(label.as_bytes()).field(&[crate::VERSION])
    }

    /// Adds a field: its length in four bytes, the highest first, then its bytes.
    #[must_use]
    pub fn field(mut self, bytes: &[u8]) -> Self {
        // No field comes near 4 GiB: every one is bounded by `limits` or by its type.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds a number as a field of eight bytes, the highest first.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.field(&number.to_be_bytes())
    }

    /// The bytes to sign or to authenticate.
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}
