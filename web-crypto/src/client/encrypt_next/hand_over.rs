//! The last texts of a group, for whom this account adds: a content at a time, each in a line of its own, so that what is
//! under way goes on after the page was closed.

use super::{
    Next,
    in_group::divided,
    job::{Job, Part},
    line::Line,
};
use crate::client::{
    content::{Body, HandedOver},
    conversation::{ConversationId, GroupId, Message, Waiting},
    group::{hand_over_key, handed_over, last_texts, line_id},
    messenger::{Messenger, StepError},
    records::{Records, push_order},
};
use cliquet_wire::bytes::Digest;
use rand_core::CryptoRng;

/// One content of a hand-over.
pub(super) struct HandOver {
    pub(super) group: GroupId,
    hash: Digest,
    /// As it stands in the line.
    pub(super) waiting: Waiting,
    texts: Vec<HandedOver>,
    /// What follows it in the line.
    pub(super) next: Option<(String, Waiting)>,
}

impl Messenger {
    /// The next content of a hand-over, with the texts as they are now. `None`: nothing is left to hand over.
    pub(super) async fn hand_over(
        &self,
        records: &impl Records,
        waiting: Waiting,
    ) -> Result<Option<HandOver>, StepError> {
        let Waiting::HandOver { group, hash, above, after } = waiting.clone() else { return Ok(None) };
        let statement = self.chain(group).and_then(|chain| chain.get(&hash));
        let Some((statement, count)) = statement.zip(self.hands_over(group, &hash)) else { return Ok(None) };
        let place = |message: &Message| {
            let mut place = String::new();
            push_order(&mut place, message.sort_time, message.id);
            place
        };
        let messages = last_texts(records, group, &above, count).await?;
        let is_left = |message: &&Message| after.as_ref().is_none_or(|after| place(message) > *after);
        let left = messages.iter().filter(is_left).filter_map(|message| Some((place(message), handed_over(message)?)));
        let (places, mut texts): (Vec<String>, Vec<HandedOver>) = left.unzip();
        let rest = texts.split_off(HandedOver::in_one_content(&texts));
        let Some(last) = texts.len().checked_sub(1).and_then(|last| places.get(last)).cloned() else { return Ok(None) };
        let mut line = String::new();
        push_order(&mut line, statement.statement().time, line_id(statement));
        let next = (!rest.is_empty()).then(|| {
            let key = hand_over_key(&line, Some(&last));
            (key, Waiting::HandOver { group, hash, above, after: Some(last) })
        });
        Ok(Some(HandOver { group, hash, waiting, texts, next }))
    }

    /// To those whom the statement adds and who are members still, and to nobody else.
    pub(super) fn encrypt_hand_over(
        &self,
        handed: &HandOver,
        line: &Line,
        now: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Next, StepError> {
        let known = self.group(handed.group).zip(self.group_state(handed.group));
        let Some((group, state)) = known.filter(|_| self.is_in_group(handed.group)) else {
            return Ok(self.drop_line(line));
        };
        let mut readers = self.readers(state);
        self.handed_over_to(handed.group, &handed.hash, &mut readers);
        let (accounts, later) = divided(readers, group, line.to.as_ref(), now);
        if accounts.is_empty() && later.is_empty() {
            return Ok(self.drop_line(line));
        }
        let within = self.within(handed.group);
        let parts = accounts.into_iter().filter_map(|account| {
            // Nobody is told what they wrote themselves.
            let texts: Vec<_> = handed.texts.iter().filter(|text| text.author != account).cloned().collect();
            let bodies = || vec![Body::HandOver { statement: handed.hash, texts: texts.clone() }];
            (!texts.is_empty()).then(|| Part { account, bodies: bodies(), only: None, group: within })
        });
        let (about, conversation) = (line.about(), ConversationId::Group(handed.group));
        self.encrypt(Job { about, conversation, parts: parts.collect(), later }, Some(line), now, rng)
    }
}
