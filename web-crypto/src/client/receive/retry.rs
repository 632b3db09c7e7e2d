//! Sending again what a device could not open.

use crate::client::{
    conversation::{ConversationId, GroupId, Message, MessageId, OutgoingEvent, SentEnvelope, Waiting, again_key},
    group::{hand_over_key, line_id},
    messenger::{Messenger, Step, StepError},
    peer::Contact,
    records::{Records, Store, push_order, read, simple},
    vault_keys::MadeKeys,
};
use cliquet_wire::ids::{DeviceId, EnvelopeId};

/// What does not arrive at a device after so many times will not.
const SENT_AGAIN_MAX: u64 = 3;

impl Messenger {
    /// What the contact could not open, or another device of ours, goes into the line once more: what was said in that very
    /// conversation, each at most three times for each device. A device that has it already shows it once.
    pub(super) async fn send_again(
        &self,
        contact: &Contact,
        device: DeviceId,
        envelopes: &[EnvelopeId],
        records: &impl Records,
        step: &mut Step,
    ) -> Result<(), StepError> {
        for id in envelopes {
            let name = simple(MessageId(id.0));
            let Some(sent) = read::<SentEnvelope>(records, Store::Envelopes, &name).await? else { continue };
            // A device asks for its own envelopes alone, or a new one could collect what was said before it came.
            if sent.device != device {
                continue;
            }
            let waiting = sent.what;
            let Some((conversation, id, line)) = self.sent_before(&waiting, records).await? else { continue };
            let (line, waiting) = match conversation {
                ConversationId::Group(group) if contact.is_own() || self.is_reader(group, contact) => {
                    // Once more for this account, not for all the others.
                    let to = contact.address().clone();
                    (again_key(&line, &to), Waiting::Again { what: Box::new(waiting), to })
                }
                direct if direct == contact.conversation.id || contact.is_own() => (line, waiting),
                _ => continue,
            };
            let waits = step.changes.puts.iter().any(|put| put.store == Store::ToEncrypt && put.key == line);
            if waits || records.get(Store::ToEncrypt, &line).await?.is_some() {
                continue;
            }
            let counted = [&*simple(id), "/", &*simple(MessageId(device.0))].concat();
            let times = read::<u64>(records, Store::Envelopes, &counted).await?.unwrap_or(0) + 1;
            if times <= SENT_AGAIN_MAX {
                step.changes.put(Store::Envelopes, counted, &times);
                step.changes.put(Store::ToEncrypt, line, &waiting);
            }
        }
        Ok(())
    }

    fn is_reader(&self, group: GroupId, contact: &Contact) -> bool {
        self.group_state(group).is_some_and(|state| self.is_member(state, contact.address()))
    }

    /// The conversation, the id, and the key in the line of what was sent before.
    async fn sent_before(
        &self,
        waiting: &Waiting,
        records: &impl Records,
    ) -> Result<Option<(ConversationId, MessageId, String)>, StepError> {
        Ok(match waiting {
            Waiting::Message(key) => read::<Message>(records, Store::Messages, key)
                .await?
                .map(|message| (message.conversation.clone(), message.id, message.to_encrypt_key())),
            Waiting::Event(key) => read::<OutgoingEvent>(records, Store::Events, key)
                .await?
                .map(|outgoing| (outgoing.conversation.clone(), outgoing.id, outgoing.key())),
            Waiting::Statement { group, hash } | Waiting::HandOver { group, hash, .. } => {
                let statement = self.chain(*group).and_then(|chain| chain.get(hash));
                statement.map(|statement| {
                    let id = line_id(statement);
                    let mut line = String::new();
                    push_order(&mut line, statement.statement().time, id);
                    if let Waiting::HandOver { after, .. } = waiting {
                        line = hand_over_key(&line, after.as_deref());
                    }
                    (ConversationId::Group(*group), id, line)
                })
            }
            // What is sent once more is remembered as what it is.
            Waiting::Again { .. } => None,
            Waiting::VaultKeys => {
                let own = ConversationId::from(self.address());
                MadeKeys::of(records).await?.map(|made| (own, made.id, made.line()))
            }
        })
    }
}
