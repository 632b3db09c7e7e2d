//! Signals that are useless a moment later: "is typing", "is here". They change no record, wait for nothing, and may
//! be dropped by anybody on the way.

use super::{
    conversation::{ConversationId, GroupId},
    group::Standing,
    messenger::{Messenger, StepError},
    peer::{Peer, Trust},
};
use crate::crypto::{cbor, ephemeral};
use cliquet_wire::{
    address::Address,
    ephemeral::{EphemeralEnvelope, SendEphemeral},
    limits::EPHEMERAL_ACCOUNTS_MAX,
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;

/// A signal counts if its time differs from this device's clock by at most this, in milliseconds, so that a server cannot
/// hold it back for longer.
pub const SIGNAL_LIFE_MS: u64 = 30_000;

/// What a device signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Signal {
    /// Kind 0: somebody is writing to the receiver, or in the group.
    #[n(0)]
    Typing,
    /// Kind 1: nobody is any more.
    #[n(1)]
    StoppedTyping,
    /// Kind 2: somebody looks at the conversation with the receiver.
    #[n(2)]
    Present,
    /// Kind 3: nobody does any more.
    #[n(3)]
    Left,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Content {
    #[n(0)]
    signal: Signal,
    /// By the sender's clock, in milliseconds since 1970.
    #[n(1)]
    time: u64,
    /// The group in which it is said. `None`: in the conversation of two.
    #[n(2)]
    group: Option<GroupId>,
}

impl cbor::Record for Content {
    const VERSION: u32 = 1;
}

/// What somebody signals.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Heard {
    /// Where.
    #[n(0)]
    pub conversation: ConversationId,
    /// Whose signal it is.
    #[n(1)]
    pub by: Address,
    /// What they do.
    #[n(2)]
    pub signal: Signal,
}

impl Messenger {
    /// The body of `POST /ephemeral`, for the devices of the contact, or of the other members. Without envelopes when
    /// nobody's devices are known: a signal fetches nothing. In a group only typing is said, and not to more than
    /// [`EPHEMERAL_ACCOUNTS_MAX`] others.
    ///
    /// # Errors
    /// When the account is not a contact, or shows another key; when this account is not in the group.
    pub fn signal(
        &self,
        conversation: &ConversationId,
        signal: Signal,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<SendEphemeral, StepError> {
        let receivers = match conversation {
            ConversationId::Direct(address) => {
                vec![self.peer(address).filter(|peer| is_added(peer)).ok_or(StepError::NoContact)?]
            }
            ConversationId::Group(_) if !matches!(signal, Signal::Typing | Signal::StoppedTyping) => Vec::new(),
            ConversationId::Group(group) => self.signalled_members(*group).ok_or(StepError::NoContact)?,
        };
        let content = cbor::save(&Content { signal, time: now, group: conversation.group() });
        let mut post = SendEphemeral::default();
        for peer in receivers {
            let Some(directory) = self.directory(&peer.address) else { continue };
            let encrypt = |certificate| ephemeral::encrypt(self.own(), certificate, &content, &mut *rng);
            let envelopes: Result<Vec<_>, _> = directory.certificates.iter().map(encrypt).collect();
            post.envelopes.extend(envelopes.map_err(|_| StepError::CannotEncrypt)?);
            post.tokens.extend(self.token_of_member(&peer.address).map(|token| (peer.address.clone(), token)));
        }
        Ok(post)
    }

    /// The other members to whom signals go. `None`: this account is not in the group.
    fn signalled_members(&self, group: GroupId) -> Option<Vec<&Peer>> {
        let state = self.group_state(group).filter(|_| self.is_in_group(group))?;
        let others = state.members().filter(|(address, _)| *address != self.address());
        let others: Vec<&Address> = others.map(|(address, _)| address).collect();
        if others.len() > EPHEMERAL_ACCOUNTS_MAX {
            return Some(Vec::new());
        }
        let members = others.into_iter().filter_map(|address| {
            let peer = self.peer(address).filter(|peer| is_open(peer) && self.is_member(state, address))?;
            let is_reached = peer.trust == Trust::Added || self.token_of_member(address).is_some();
            is_reached.then_some(peer)
        });
        Some(members.collect())
    }

    /// What a device of a contact or of a fellow member signals. `None`: it is of nobody who was added or is a member, too
    /// old, of an unknown kind, or not authentic.
    pub fn heard(&self, envelope: &EphemeralEnvelope, now: u64) -> Option<Heard> {
        let by = &envelope.sender_email;
        let peer = self.peer(by).filter(|peer| is_open(peer))?;
        let certificates = &self.directory(by)?.certificates;
        let certificate = certificates.iter().find(|certificate| certificate.device == envelope.sender_device)?;
        let content: Content = cbor::load(&ephemeral::decrypt(self.own(), certificate, envelope).ok()?).ok()?;
        let counts = match content.group {
            None => is_added(peer),
            Some(group) => {
                let is_joined = self.group(group).is_some_and(|group| group.standing == Standing::Joined);
                let is_member = |state| self.is_member(state, by);
                is_joined && self.is_in_group(group) && self.group_state(group).is_some_and(is_member)
            }
        };
        let conversation = content.group.map_or_else(|| by.into(), ConversationId::Group);
        let is_now = content.time.abs_diff(now) <= SIGNAL_LIFE_MS;
        (counts && is_now).then(|| Heard { conversation, by: by.clone(), signal: content.signal })
    }
}

fn is_added(peer: &Peer) -> bool {
    peer.trust == Trust::Added && !peer.key_changed
}

/// Whether signals go to and come from them where both are members of a group.
fn is_open(peer: &Peer) -> bool {
    !matches!(peer.trust, Trust::Blocked | Trust::Own) && !peer.key_changed
}
