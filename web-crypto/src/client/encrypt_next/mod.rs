//! Encrypts what waits into posts of the outbox. The leader tab does it.
//!
//! Owns the order: contact requests, then texts and other events, then statements of groups that somebody lacks, then what
//! was received, read and set; for each conversation one at a time.

mod at_once;
mod encrypt;
mod group_receipts;
mod hand_over;
mod in_group;
mod job;
mod line;
mod posts;
mod reading;
mod seal;

pub use group_receipts::RECEIPTS_HELD_MS_PER_MEMBER;

use super::{
    content::Body,
    conversation::{ConversationId, Failure, GroupId},
    group::Standing,
    messenger::{Messenger, Step, StepError},
    outbox::{About, Refusal, refusal},
    peer::{Owed, Peer, Trust},
    records::{Records, under},
};
use cliquet_wire::{address::Address, delivery_token::DeliveryToken, ids::DeviceId, problem::ProblemCode};
use job::{Job, sync};
use rand_core::CryptoRng;

/// What there is to do next.
#[derive(Debug)]
pub enum Next {
    /// Nothing that waits may be sent now.
    Idle,
    /// Commit, apply, post what is new in the outbox, and call again.
    Encrypted(Step),
    /// Something is missing that the server has. Fetch it, hand it in, and call again.
    Needs(Needs),
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// `GET /contacts/<email>`, for `Messenger::directory_arrived`.
    Directory {
        /// The account whose devices are not known.
        address: Address,
        /// What lets this account ask, of a member who is no contact.
        token: Option<DeliveryToken>,
    },
    /// `POST /contacts/<email>/bundles`, for `Messenger::bundles_arrived`.
    Bundles {
        /// The account.
        address: Address,
        /// Its devices without a session.
        devices: Vec<DeviceId>,
        /// As above.
        token: Option<DeliveryToken>,
    },
}

impl Needs {
    /// The account for which something is missing.
    pub fn address(&self) -> &Address {
        match self {
            Self::Directory { address, .. } | Self::Bundles { address, .. } => address,
        }
    }

    /// What it is asked for with.
    fn token(&self) -> Option<&DeliveryToken> {
        match self {
            Self::Directory { token, .. } | Self::Bundles { token, .. } => token.as_ref(),
        }
    }
}

impl Messenger {
    /// The next step towards the outbox. `put_off`: the accounts to leave out for now, because what is missing for them
    /// could not be fetched.
    ///
    /// # Errors
    /// When a record cannot be read, or something cannot be encrypted.
    pub async fn encrypt_next(
        &self,
        records: &impl Records,
        put_off: &[Address],
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Next, StepError> {
        // Folding comes first, so that a person's own events show at once, even while the outbox is full.
        if let Some(step) = self.fold_next(records).await? {
            return Ok(Next::Encrypted(step));
        }
        if let Some(step) = self.take_next_kept(records, now).await? {
            return Ok(Next::Encrypted(step));
        }
        if self.outbox_is_full() {
            return Ok(Next::Idle);
        }
        let is_free =
            |address: &Address| !put_off.contains(address) && !self.is_under_way(&ConversationId::from(address));
        let within_reach = |peer: &&Peer| is_free(&peer.address) && !peer.key_changed;
        if let Some(peer) = self.peers().filter(within_reach).find(|peer| self.owes_request(peer, now)) {
            let copy = peer.is_contact().then(|| sync(peer, Body::ContactRequest));
            let job = Job::to(peer, About::ContactRequest, Body::ContactRequest).with_copy(self.address(), copy);
            let group = self.shared_group(&peer.address).filter(|_| peer.trust == Trust::Member);
            return self.encrypt(job.within(group.and_then(|id| self.within(id))), None, now, rng);
        }
        let is_put_off = |id: GroupId| {
            let known = self.group(id).zip(self.group_state(id));
            known.is_some_and(|(group, state)| {
                let holds_up = |address| state.member(address).is_some() && !group.leaves_out(address, now);
                put_off.iter().any(holds_up)
            })
        };
        let free = |id: &ConversationId| match id {
            ConversationId::Direct(address) => is_free(address),
            ConversationId::Group(group) => !self.is_under_way(id) && !is_put_off(*group),
        };
        // Only the vault has told of it yet.
        let is_awaited = |id: GroupId| {
            let known = self.group(id).filter(|group| group.standing != Standing::Deleted);
            known.is_some() && self.group_state(id).is_none()
        };
        let may_go = |id: &ConversationId, to: Option<&Address>| {
            let group = id.group().and_then(|group| self.group(group));
            let waits = group.zip(to).is_some_and(|(group, to)| group.leaves_out(to, now));
            free(id) && !waits && !id.group().is_some_and(is_awaited)
        };
        if let Some(line) = self.first_waiting(records, may_go).await? {
            return self.encrypt_line(line, now, rng);
        }
        let within_reach = |address: &Address| !put_off.contains(address);
        if let Some(next) = self.encrypt_statements(records, free, within_reach, now, rng).await? {
            return Ok(next);
        }
        if let Some(next) = self.encrypt_reading(is_free, now, rng)? {
            return Ok(next);
        }
        if let Some(next) = self.encrypt_profile_in_group(free, now, rng)? {
            return Ok(next);
        }
        if let Some(next) = self.encrypt_group_receipts(free, now, rng)? {
            return Ok(next);
        }
        // A device of one's own has shown itself, or a later list was named: the person is told whether there is anything
        // to send or not.
        if self.directory(self.address()).is_none() && is_free(self.address()) {
            return Ok(Next::Needs(Needs::Directory { address: self.address().clone(), token: None }));
        }
        Ok(Next::Idle)
    }

    /// Whether a contact request, or one that asks for lost envelopes, must go to an account before anything else.
    fn owes_request(&self, peer: &Peer, now: u64) -> bool {
        let asks = || self.asking(now).any(|key| key.starts_with(&under(peer.address.as_str())));
        let owes =
            self.owed_to(&peer.address).is_some_and(|owed| owed.contact_request) || (peer.is_answered() && asks());
        owes && (peer.trust != Trust::Member || self.shared_group(&peer.address).is_some())
    }

    /// Whether that account would be asked with the same token now.
    pub fn is_current(&self, needs: &Needs) -> bool {
        let address = needs.address();
        address == self.address() || self.token_of_member(address).as_ref() == needs.token()
    }

    /// The server refused what `Needs` asked for, with `code`; or its answer was refused here, and `code` is `BadSignature`.
    /// A temporary failure changes nothing: put the address off and ask again later. `None`: another token of that account
    /// has come while the server was asked. Ask again at once.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn need_refused(
        &self,
        records: &impl Records,
        needs: &Needs,
        code: ProblemCode,
        now: u64,
    ) -> Result<Option<Step>, StepError> {
        let mut step = self.step();
        let address = needs.address();
        if !self.is_current(needs) {
            return Ok(None);
        }
        if refusal(code) == Refusal::GiveUp && address != self.address() {
            // A member who cannot be looked up stops nobody else in the group.
            for known in self.groups() {
                let mut group = known.clone();
                if self.group_state(group.id).is_some_and(|state| state.member(address).is_some()) {
                    group.leave_out(address, now);
                }
                group.cannot_join_with(address);
                if group != *known {
                    step.put_group(&group);
                }
            }
        }
        let Some(mut contact) = self.contact(address) else { return Ok(Some(step)) };
        match refusal(code) {
            Refusal::Keep => return Ok(Some(step)),
            Refusal::EncryptAgain => contact.forget_directory(),
            // It concerns the account's own devices: no message is at fault.
            Refusal::GiveUp if contact.is_own() => return Ok(Some(step)),
            Refusal::GiveUp => {
                contact.owed = Owed::default();
                // Nobody waits for it, and the next try would end alike.
                contact.peer.token_told = self.delivery_token_number();
                contact.peer.deleted |= code == ProblemCode::AccountDeleted;
                let failure = match code {
                    ProblemCode::BadSignature => Failure::BadPreKeys,
                    code => Failure::Refused(code),
                };
                if let Some(line) = self.first_waiting(records, |id, _| id.is_with(address)).await? {
                    line.fail(failure, &mut step);
                }
            }
        }
        self.put_contact(contact, &mut step);
        Ok(Some(step))
    }
}
