//! The account's own delivery token: when there is one, which of two counts, and who is told it. What contacts tell of
//! theirs is kept with them.
//!
//! Own devices and contacts are told once of each token, by the device that made it, and only when the server has it: a
//! token that does not count yet is of no use to anybody. A contact that has a new device is told once more.

pub use crate::crypto::account_token::AccountToken;

use super::{
    messenger::{Effect, Messenger, Step},
    peer::{Contact, Peer, Trust},
    records::Store,
};
use crate::crypto::cbor;
use cliquet_wire::{
    bytes::{Bytes, Digest},
    delivery_token::{DeliveryToken, ReplaceDeliveryToken},
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;

/// The key in [`Store::Device`].
pub const DELIVERY_TOKEN: &str = "delivery_token";

/// What a device keeps of its account's delivery token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OwnToken {
    /// The latest one that is known here. `None`: none was made yet.
    #[n(0)]
    pub token: Option<AccountToken>,
    /// The hash of the token that the server has, as far as is known here.
    #[n(1)]
    pub at_server: Option<Digest>,
    /// Somebody who may know the token must not write any more: this device makes another one, whatever it hears of
    /// later tokens meanwhile. The device that made those may not know yet who that is.
    #[n(2)]
    pub spent: bool,
}

impl cbor::Record for OwnToken {
    const VERSION: u32 = 1;
}

impl OwnToken {
    /// The token, unless another one is to take its place.
    fn present(&self) -> Option<&AccountToken> {
        self.token.as_ref().filter(|_| !self.spent)
    }

    /// Whether the server has the token, as far as is known here.
    fn is_at_server(&self) -> bool {
        self.token.as_ref().map(|token| token.token.hash()) == self.at_server
    }
}

impl Messenger {
    /// What lets others write to this account without being its contacts. `None`: there is none, or it is to be replaced.
    pub fn delivery_token(&self) -> Option<DeliveryToken> {
        self.own_token().present().map(|token| token.token.clone())
    }

    /// Whether a token is to be made: the present one is to be replaced, or there is none and a contact to tell it to. A
    /// contact that makes a group tells the other members.
    pub fn wants_delivery_token(&self) -> bool {
        let own = self.own_token();
        own.spent
            || own.token.is_none()
                && (self.groups().next().is_some() || self.contacts().any(|peer| peer.trust == Trust::Added))
    }

    /// Makes one, which takes the place of the present one. First take in what other devices decided
    /// ([`Messenger::adopt`]): those that they blocked are not told it then.
    pub fn make_delivery_token(&self, rng: &mut impl CryptoRng) -> Step {
        let (mut step, before) = (self.step(), self.own_token());
        let mut token = [0; 16];
        rng.fill_bytes(&mut token);
        let decided = self.delivery_token_number().saturating_add(1);
        let token = Some(AccountToken { token: DeliveryToken(Bytes(token)), decided });
        step.put_own_token(&OwnToken { token, spent: false, ..before.clone() });
        step
    }

    /// The body of `PUT /delivery-token`. `None`: the server has the token already, as far as is known here.
    pub fn delivery_token_to_set(&self) -> Option<ReplaceDeliveryToken> {
        let own = self.own_token();
        let hash = own.present()?.token.hash();
        (!own.is_at_server()).then_some(ReplaceDeliveryToken { hash: Some(hash), replaces: own.at_server })
    }

    /// The server has the token with this hash. Contacts and other devices are told it from now on, if it is the present
    /// one.
    pub fn delivery_token_is_set(&self, hash: Option<Digest>) -> Step {
        let mut step = self.step();
        if self.own_token().at_server != hash {
            step.put_own_token(&OwnToken { at_server: hash, ..self.own_token().clone() });
        }
        step
    }

    /// Somebody who may know the token must not write any more.
    pub(super) fn spend_delivery_token(&self, step: &mut Step) {
        let own = self.own_token();
        if own.present().is_some() {
            step.put_own_token(&OwnToken { spent: true, ..own.clone() });
        }
    }

    /// Takes this account's own token, as another device or the vault says it, if it is later. Returns its number, up to
    /// which another device tells the contacts; zero if nothing was taken.
    pub(super) fn merge_delivery_token(&self, said: &AccountToken, step: &mut Step) -> u64 {
        let own = self.own_token();
        let Some(present) = own.token.as_ref().filter(|present| *present >= said) else {
            step.put_own_token(&OwnToken { token: Some(said.clone()), ..own.clone() });
            step.effects.push(Effect::Settings);
            return said.decided;
        };
        // Two devices made one at once, and the server has the one that does not count: it is replaced by name.
        if present.decided == said.decided && present != said && !own.is_at_server() {
            step.put_own_token(&OwnToken { at_server: Some(said.token.hash()), ..own.clone() });
            step.effects.push(Effect::Settings);
        }
        0
    }

    /// Takes what another device of this account says of its token, which tells the contacts from there.
    pub(super) fn take_own_delivery_token(&self, own: &mut Contact, said: &AccountToken, step: &mut Step) {
        let told = self.merge_delivery_token(said, step);
        own.peer.token_told = own.peer.token_told.max(told);
        for peer in self.contacts().filter(|peer| peer.token_told < told) {
            if let Some(mut contact) = self.contact(&peer.address) {
                contact.peer.token_told = told;
                self.put_contact(contact, step);
            }
        }
    }

    /// The number of the latest token that is known here; zero if there is none.
    pub(super) fn delivery_token_number(&self) -> u64 {
        self.own_token().token.as_ref().map_or(0, |token| token.decided)
    }

    /// The token to tell an account, if it is to be told.
    pub(super) fn owed_delivery_token(&self, peer: &Peer) -> Option<&AccountToken> {
        let own = self.own_token();
        let hears = match peer.trust {
            Trust::Added | Trust::Own => true,
            // Whom it would not reach is told when their token has come.
            Trust::Member => {
                self.shared_group(&peer.address).is_some() && self.token_of_member(&peer.address).is_some()
            }
            Trust::Requested | Trust::Blocked => false,
        };
        let is_open = hears && !peer.key_changed && !peer.deleted;
        own.present().filter(|token| is_open && peer.token_told < token.decided && own.is_at_server())
    }

    /// This account's token, if the server has it.
    pub(super) fn told_token(&self) -> Option<&AccountToken> {
        let own = self.own_token();
        own.present().filter(|_| own.is_at_server())
    }
}

impl Peer {
    /// What lets this account write to that one without being its contact, if it told it.
    pub fn delivery_token(&self) -> Option<&DeliveryToken> {
        self.token.as_ref().map(|token| &token.token)
    }

    /// Takes what it tells, unless it told a later one before. Tells whether it is new.
    pub(super) fn take_delivery_token(&mut self, said: AccountToken) -> bool {
        let is_new = self.token.as_ref().is_none_or(|known| *known < said);
        if is_new {
            self.token = Some(said);
        }
        is_new
    }
}

impl Step {
    fn put_own_token(&mut self, own: &OwnToken) {
        self.changes.put(Store::Device, DELIVERY_TOKEN.into(), own);
    }
}
