//! The posts that wait to be sent, or whose answer is not known.
//!
//! Several may be under way at once, each for another conversation: within one they leave one after the other, so that it
//! arrives in the order in which it was written. The body is kept to the byte: a repeated post is the same post, which the
//! server recognises by its ids.

use super::{
    conversation::{
        ConversationId, DeliveryStatus, Failure, GroupId, Message, MessageId, MessageRef, OwedReceipt, SentEnvelope,
        Waiting,
    },
    group::WishState,
    lifetimes::run_from,
    messenger::{Effect, Messenger, Step, StepError},
    peer::Contact,
    records::{Records, Store, decode, read, simple, under},
};
use crate::crypto::cbor;
use cliquet_wire::{
    address::Address, delivery_token::DeliveryToken, envelope::MessagesSent, limits::ENVELOPE_LIFE_SECONDS,
    problem::ProblemCode,
};
use minicbor::{Decode, Encode};

/// Posts that are under way at once: enough that a slow answer holds up nobody else, few enough for a browser's
/// connections.
pub const SLOTS_MAX: usize = 16;
/// More than come in with one text, to at most fifteen devices: what is kept of envelopes never grows for long.
const FORGOTTEN_AT_ONCE: usize = 20;

/// The body of one `POST /messages`.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OutboxEntry {
    /// That of its first envelope.
    #[n(0)]
    pub id: MessageId,
    /// The conversation whose next post waits for this one. Of a post to the account's own other devices alone: the
    /// conversation with itself.
    #[n(1)]
    pub conversation: ConversationId,
    /// The accounts that it is for.
    #[n(2)]
    pub accounts: Vec<Address>,
    /// The exact JSON body.
    #[n(3)]
    pub body: String,
    /// What the post carries.
    #[n(4)]
    pub about: About,
    /// What lets this account write to those of them who are no contacts. The body has it too.
    #[n(5)]
    pub tokens: Vec<(Address, DeliveryToken)>,
}

/// What becomes of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum About {
    /// The message with this key.
    #[n(0)]
    Message(#[n(0)] String),
    /// A contact request, or a retry request in its place.
    #[n(1)]
    ContactRequest,
    /// The messages that are confirmed.
    #[n(2)]
    Receipt(#[n(0)] Vec<MessageId>),
    /// The event with this key in `Store::Events`.
    #[n(3)]
    Event(#[n(0)] String),
    /// The keys of the vault's new root; their key in `Store::ToEncrypt`.
    #[n(4)]
    VaultKeys(#[n(0)] String),
    /// A receipt of reading, and with it word to the account's other devices.
    #[n(5)]
    Read {
        /// The messages that were read.
        #[n(0)]
        names: Vec<MessageId>,
        /// How far, in milliseconds since 1970 by the server's clock.
        #[n(1)]
        until: Option<u64>,
    },
    /// Word to the account's other devices of how far a conversation was read.
    #[n(6)]
    ReadElsewhere {
        /// The conversation.
        #[n(0)]
        conversation: ConversationId,
        /// As above.
        #[n(1)]
        until: u64,
    },
    /// Word to the account's other devices of what was set.
    #[n(7)]
    Settings,
    /// The same, of this conversation.
    #[n(8)]
    ConversationSettings(#[n(0)] ConversationId),
    /// What this account's person shows of themselves.
    #[n(9)]
    Profile,
    /// Word to the account's other devices that this request was declined, or this contact removed.
    #[n(10)]
    ContactRemoved(#[n(0)] Address),
    /// Statements of a group, or the wish for some: who lacks them asks once more. Or the tokens of these members.
    #[n(11)]
    Statements(#[n(0)] Vec<Address>),
    /// What this account said about a group, or anything that one account is sent once more.
    #[n(12)]
    Waiting {
        /// Its key in `Store::ToEncrypt`.
        #[n(0)]
        line: String,
        /// What it is.
        #[n(1)]
        what: Waiting,
    },
    /// This account's delivery token.
    #[n(13)]
    DeliveryToken,
    /// Receipts to the authors of messages in a group.
    #[n(14)]
    GroupReceipts(#[n(0)] Vec<OwedReceipt>),
    /// This account's wish to join a group.
    #[n(15)]
    JoinRequest,
    /// Word to who asked to join a group that they are not added.
    #[n(16)]
    JoinRefused,
}

impl cbor::Record for OutboxEntry {
    const VERSION: u32 = 1;
}

/// What a refusal means for what was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Try the same bytes again, later.
    Keep,
    /// Encrypt once more, for the devices that there are now.
    EncryptAgain,
    /// It will not get better by trying.
    GiveUp,
}

impl OutboxEntry {
    /// The key in `Store::Outbox`. Ids grow with time, and so the oldest is first.
    pub(super) fn key(&self) -> String {
        simple(self.id)
    }
}

impl About {
    /// Whether the receivers' persons should hear of it at once, also where no page is open: of a text, and of nothing
    /// that only their devices use.
    pub(super) fn is_urgent(&self) -> bool {
        matches!(self, Self::Message(_))
    }

    /// Where what was sent is found when it is asked for once more.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        match self {
            Self::Message(key) => Some(Waiting::Message(key.clone())),
            Self::Event(key) => Some(Waiting::Event(key.clone())),
            Self::VaultKeys(_) => Some(Waiting::VaultKeys),
            Self::Waiting { what, .. } => Some(what.what().clone()),
            Self::Statements(_)
            | Self::ContactRequest
            | Self::Receipt(_)
            | Self::Read { .. }
            | Self::ReadElsewhere { .. }
            | Self::Settings
            | Self::ConversationSettings(_)
            | Self::Profile
            | Self::DeliveryToken
            | Self::GroupReceipts(_)
            | Self::JoinRequest
            | Self::JoinRefused
            | Self::ContactRemoved(_) => None,
        }
    }
}

impl Messenger {
    /// The server keeps it, as this device learns now.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn sent(
        &self,
        records: &impl Records,
        id: MessageId,
        answer: &MessagesSent,
        now: u64,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let Some(entry) = self.outbox_entry(id) else { return Ok(step) };
        step.changes.delete(Store::Outbox, entry.key());
        step.effects.push(Effect::Outbox);
        // A text to a large group may take several posts.
        let is_last = !self.outbox().any(|other| other.id != entry.id && other.about == entry.about);
        if let About::Message(key) = &entry.about
            && is_last
            && let Some(mut message) = read::<Message>(records, Store::Messages, key).await?
        {
            // What is sent again was sent when it was sent first.
            if message.server_time == 0 {
                message.server_time = answer.timestamp;
            }
            message.status = message.status.sent();
            // By the clock that says when it is over: the server's may be another.
            run_from(now, &mut message, &mut step);
            step.put_message(message);
        }
        if entry.about.waiting().is_some() {
            // An id has this device's time. One that is far behind the server's would make everything old at once.
            self.forget_envelopes(records, answer.timestamp.min(now), &mut step).await?;
        }
        Ok(step)
    }

    /// The server answered with a problem, because of these accounts. Without an answer there is no call: the entry just
    /// stays.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub async fn refused(
        &self,
        records: &impl Records,
        id: MessageId,
        code: ProblemCode,
        accounts: &[Address],
        now: u64,
    ) -> Result<Step, StepError> {
        let mut step = self.step();
        let Some(entry) = self.outbox_entry(id) else { return Ok(step) };
        let refusal = match refusal(code) {
            // Their token has come while the post was under way.
            Refusal::GiveUp if accounts.iter().any(|account| self.knows_another_token(entry, account)) => {
                Refusal::EncryptAgain
            }
            refusal => refusal,
        };
        if refusal == Refusal::Keep {
            return Ok(step);
        }
        step.changes.delete(Store::Outbox, entry.key());
        step.effects.push(Effect::Outbox);
        // One member who cannot be written to stops nobody else.
        let left_out = refusal == Refusal::GiveUp && self.leave_out(entry, accounts, now, &mut step);
        let again = refusal == Refusal::EncryptAgain || left_out;
        let peer = entry.conversation.peer();
        if again && !left_out {
            // An older server does not say whose devices changed.
            let concerned = if accounts.is_empty() { &entry.accounts } else { accounts };
            let is_concerned =
                |address| concerned.contains(address) || (accounts.is_empty() && address == self.address());
            let mut addresses: Vec<&Address> = concerned.iter().chain([self.address()]).chain(peer).collect();
            addresses.sort();
            addresses.dedup();
            for address in addresses {
                if let Some(mut contact) = self.contact(address) {
                    if is_concerned(address) {
                        contact.forget_directory();
                    }
                    if Some(address) == peer {
                        self.owe_again(&entry.about, &mut contact, &mut step);
                    }
                    self.put_contact(contact, &mut step);
                }
            }
        }
        if code == ProblemCode::AccountDeleted {
            for address in accounts.iter().chain(peer.filter(|peer| !accounts.contains(peer))) {
                if let Some(mut contact) = self.contact(address).filter(|contact| !contact.is_own()) {
                    contact.peer.deleted = true;
                    self.put_contact(contact, &mut step);
                }
            }
        }
        match &entry.about {
            About::Message(key) => {
                if let Some(mut message) = read::<Message>(records, Store::Messages, key).await? {
                    if again {
                        step.changes.put(Store::ToEncrypt, message.to_encrypt_key(), &Waiting::Message(key.clone()));
                    } else if message.status == DeliveryStatus::Waiting {
                        message.status = DeliveryStatus::Failed(Failure::Refused(code));
                        step.put_message(message);
                    }
                }
            }
            About::Event(key) if again => {
                step.changes.put(Store::ToEncrypt, key.clone(), &Waiting::Event(key.clone()));
            }
            About::Event(key) => step.changes.delete(Store::Events, key.clone()),
            About::VaultKeys(key) if again => {
                step.changes.put(Store::ToEncrypt, key.clone(), &Waiting::VaultKeys);
            }
            // The other devices sign in once more.
            About::VaultKeys(_) => {}
            About::Waiting { line, what } if again => step.changes.put(Store::ToEncrypt, line.clone(), what),
            // Somebody who lacks it asks for it.
            About::Waiting { .. } => {}
            About::Statements(to_tell) => {
                if let Some(group) = entry.conversation.group().filter(|_| again && !to_tell.is_empty()) {
                    let refused = if left_out { accounts } else { &[] };
                    self.tell_tokens_again(group, to_tell, refused, now, &mut step);
                }
            }
            About::GroupReceipts(receipts) => {
                if let Some(mut kept) = self.kept(&entry.conversation).filter(|_| again) {
                    let is_refused = |of: &MessageRef| left_out && accounts.contains(&of.sender);
                    for OwedReceipt { of, has_read } in receipts.iter().filter(|owed| !is_refused(&owed.of)) {
                        kept.owed.receipt_in_group(of.clone(), *has_read, now);
                    }
                    self.put_kept(kept, &mut step);
                }
            }
            About::JoinRequest => {
                if let Some(group) = entry.conversation.group() {
                    let state = if refusal == Refusal::EncryptAgain { WishState::Waiting } else { WishState::Refused };
                    self.wished(group, state, &mut step);
                }
            }
            About::JoinRefused => {
                if let Some(mut group) = entry.conversation.group().and_then(|id| self.group(id)).cloned()
                    && refusal == Refusal::EncryptAgain
                {
                    entry.accounts.iter().for_each(|account| group.refuse(account));
                    step.put_group(&group);
                }
            }
            About::Profile if again && peer.is_none() => {
                for address in &entry.accounts {
                    if let Some(mut contact) = self.contact(address) {
                        contact.peer.profile_told = 0;
                        self.put_contact(contact, &mut step);
                    }
                }
            }
            About::ContactRequest
            | About::Receipt(_)
            | About::Read { .. }
            | About::ReadElsewhere { .. }
            | About::Settings
            | About::ConversationSettings(_)
            | About::Profile
            | About::DeliveryToken
            | About::ContactRemoved(_) => {}
        }
        Ok(step)
    }

    /// Whether this account would write to that one otherwise now.
    fn knows_another_token(&self, entry: &OutboxEntry, account: &Address) -> bool {
        // An account that the post is not for says nothing about it.
        if !entry.accounts.contains(account) {
            return false;
        }
        let tried = entry.tokens.iter().find(|(address, _)| address == account).map(|(_, token)| token);
        self.token_of_member(account).as_ref() != tried
    }

    /// Leaves those accounts out of what is said in the post's group for a while. Tells whether that helps.
    fn leave_out(&self, entry: &OutboxEntry, accounts: &[Address], now: u64, step: &mut Step) -> bool {
        let Some(mut group) = entry.conversation.group().and_then(|id| self.group(id)).cloned() else { return false };
        let is_refused = |account: &&Address| accounts.contains(account) && **account != *self.address();
        let refused: Vec<&Address> = entry.accounts.iter().filter(is_refused).collect();
        refused.iter().for_each(|account| group.leave_out(account, now));
        step.put_group(&group);
        !refused.is_empty()
    }

    /// The tokens of these members are told once more, without those accounts for which the post was refused.
    fn tell_tokens_again(&self, id: GroupId, to_tell: &[Address], refused: &[Address], now: u64, step: &mut Step) {
        let Some(mut group) = self.group(id).cloned() else { return };
        refused.iter().for_each(|account| group.leave_out(account, now));
        group.to_tell = to_tell.to_vec();
        step.put_group(&group);
    }

    /// What a post that was refused had taken off what is owed.
    fn owe_again(&self, about: &About, contact: &mut Contact, step: &mut Step) {
        match about {
            About::ContactRequest => {
                contact.owed.contact_request = true;
                let prefix = under(contact.address().as_str());
                for key in self.session_keys().filter(|key| key.starts_with(&prefix)) {
                    if let Some(sessions) = self.sessions(key) {
                        sessions.ask_again(key, &mut step.changes);
                    }
                }
            }
            About::Receipt(names) => names.iter().for_each(|name| contact.owed.receipt(*name)),
            About::Read { names, until } => {
                names.iter().for_each(|name| contact.owed.read(*name));
                until.iter().for_each(|until| contact.owed.read_until(*until));
            }
            About::ReadElsewhere { conversation, until } => {
                if let Some(mut read) = self.kept(conversation) {
                    read.owed.read_until(*until);
                    self.put_kept(read, step);
                }
            }
            About::Settings => contact.owed.settings = true,
            About::Profile => contact.peer.profile_told = 0,
            About::DeliveryToken => contact.peer.token_told = 0,
            About::ContactRemoved(address) => contact.owed.removed_contacts.push(address.clone()),
            About::ConversationSettings(id) if contact.conversation.id == *id => {
                contact.owed.conversation_settings = true;
            }
            About::ConversationSettings(id) => {
                if let Some(mut other) = self.kept(id) {
                    other.owed.conversation_settings = true;
                    self.put_kept(other, step);
                }
            }
            About::Message(_)
            | About::Event(_)
            | About::VaultKeys(_)
            | About::Statements(_)
            | About::GroupReceipts(_)
            | About::JoinRequest
            | About::JoinRefused
            | About::Waiting { .. } => {}
        }
    }

    /// The server keeps no envelope as long: nobody asks for those any more. A few at a time, the oldest first.
    async fn forget_envelopes(&self, records: &impl Records, now: u64, step: &mut Step) -> Result<(), StepError> {
        let oldest = now.saturating_sub(ENVELOPE_LIFE_SECONDS * 1000);
        let kept_from = simple(MessageId::from_parts(oldest, [0; 10]));
        let mut after = String::new();
        for _ in 0..FORGOTTEN_AT_ONCE {
            match records.next(Store::Envelopes, &after).await? {
                Some(record) if record.key < kept_from => {
                    // How often something was asked for is beside it, and no place.
                    if let Ok(SentEnvelope { what: Waiting::Event(key), .. }) = decode(&record.value) {
                        step.changes.delete(Store::Events, key);
                    }
                    step.changes.delete(Store::Envelopes, record.key.clone());
                    after = record.key;
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// Whether nothing more may be encrypted for now.
    pub(super) fn outbox_is_full(&self) -> bool {
        self.outbox().count() >= SLOTS_MAX
    }

    /// Whether a post of this conversation is under way: the next one waits for its answer.
    pub(super) fn is_under_way(&self, conversation: &ConversationId) -> bool {
        self.outbox().any(|entry| entry.conversation == *conversation)
    }
}

/// Whether a refusal with this code will not get better by trying again.
pub fn is_final(code: ProblemCode) -> bool {
    refusal(code) == Refusal::GiveUp
}

pub(super) fn refusal(code: ProblemCode) -> Refusal {
    match code {
        ProblemCode::DevicesChanged | ProblemCode::UnknownDevice => Refusal::EncryptAgain,
        // Signed out, or the server is busy or broken: nothing is wrong with the post.
        ProblemCode::SignedOut
        | ProblemCode::SignInRefused
        | ProblemCode::NoDevice
        | ProblemCode::ForeignOrigin
        | ProblemCode::TooManyRequests
        | ProblemCode::NotFound
        | ProblemCode::Unavailable
        | ProblemCode::ShuttingDown
        | ProblemCode::Internal => Refusal::Keep,
        _ => Refusal::GiveUp,
    }
}

impl std::fmt::Debug for OutboxEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboxEntry").field("id", &self.id).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}
