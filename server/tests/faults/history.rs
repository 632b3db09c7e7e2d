//! Owns what happened, as clients saw it, and the judgement of it: what was acknowledged is shown, nothing is invented, nothing
//! is shown twice, and no answer was a fault of the server.

use crate::support::http::Answer;
use cliquet_wire::{
    envelope::Envelope,
    ids::{DeviceId, EnvelopeId},
    poll::PollAnswer,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

/// One envelope in one mailbox.
pub(crate) type Key = (DeviceId, EnvelopeId);

#[derive(Default)]
pub(crate) struct History(Mutex<Record>);

#[derive(Default)]
struct Record {
    sent: BTreeMap<Key, Envelope>,
    acknowledged: BTreeSet<Key>,
    shown: BTreeMap<Key, u64>,
    /// Shown otherwise than it was sent, or never sent.
    invented: u64,
    /// Cursors that do not grow.
    disordered: u64,
    /// How often each status was answered; 0 when there was no answer.
    statuses: BTreeMap<u16, u64>,
    slowest_refusal: Duration,
}

/// What can be said in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) sent: usize,
    pub(crate) acknowledged: usize,
    pub(crate) shown: usize,
    pub(crate) lost: usize,
    pub(crate) twice: usize,
    pub(crate) invented: u64,
    pub(crate) disordered: u64,
    statuses: BTreeMap<u16, u64>,
    slowest_refusal: Duration,
}

fn key(envelope: &Envelope) -> Key {
    (envelope.receiver_device, envelope.id)
}

impl History {
    /// Before its first byte leaves.
    pub(crate) fn sends(&self, envelope: &Envelope) {
        self.lock().sent.insert(key(envelope), envelope.clone());
    }

    pub(crate) fn is_told(&self, envelope: &Envelope) {
        self.lock().acknowledged.insert(key(envelope));
    }

    /// A whole answer to a poll with this cursor; the cursor of the next.
    pub(crate) fn sees(&self, device: DeviceId, mut cursor: u64, answer: &Answer) -> u64 {
        let answer: PollAnswer = serde_json::from_str(&answer.body).unwrap();
        let mut record = self.lock();
        for delivery in answer.deliveries {
            let mut envelope = delivery.envelope.unwrap();
            let key = (device, envelope.id);
            envelope.timestamp = 0;
            record.invented += u64::from(record.sent.get(&key) != Some(&envelope));
            record.disordered += u64::from(delivery.cursor <= cursor);
            cursor = delivery.cursor;
            *record.shown.entry(key).or_default() += 1;
        }
        cursor
    }

    /// All that were told to be accepted until now.
    pub(crate) fn told(&self) -> BTreeSet<Key> {
        self.lock().acknowledged.clone()
    }

    /// Those of them that nobody was shown.
    pub(crate) fn not_shown(&self, of: &BTreeSet<Key>) -> usize {
        let record = self.lock();
        of.iter().filter(|key| !record.shown.contains_key(key)).count()
    }

    /// What came back of a request, and after how long.
    pub(crate) fn is_answered(&self, answer: &std::io::Result<Answer>, took: Duration) {
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        let mut record = self.lock();
        *record.statuses.entry(status).or_default() += 1;
        if status >= 400 {
            record.slowest_refusal = record.slowest_refusal.max(took);
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let record = self.lock();
        Verdict {
            sent: record.sent.len(),
            acknowledged: record.acknowledged.len(),
            shown: record.shown.len(),
            lost: record.acknowledged.iter().filter(|key| !record.shown.contains_key(key)).count(),
            twice: record.shown.values().filter(|times| **times > 1).count(),
            invented: record.invented,
            disordered: record.disordered,
            statuses: record.statuses.clone(),
            slowest_refusal: record.slowest_refusal,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap()
    }
}

impl Verdict {
    /// How often the server said "not now".
    pub(crate) fn refusals(&self) -> u64 {
        self.statuses.get(&503).copied().unwrap_or(0)
    }

    /// Nothing lost, doubled, invented or out of order, and nobody was told anything but yes or "try again".
    pub(crate) fn demand(&self) {
        let clean = self.lost == 0 && self.twice == 0 && self.invented == 0 && self.disordered == 0;
        assert!(clean, "{self}");
        let expected = |status: &u16| [0, 200, 201, 503].contains(status);
        assert!(self.statuses.keys().all(expected), "{self}");
        assert!(self.acknowledged > 0 && self.shown > 0, "nothing happened: {self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, acknowledged, shown, lost, twice, invented, disordered, statuses, slowest_refusal } = self;
        write!(f, "sent {sent}, acknowledged {acknowledged}, shown {shown}, lost {lost}, twice {twice}, ")?;
        write!(f, "invented {invented}, out of order {disordered}; answers")?;
        for (status, count) in statuses {
            match status {
                0 => write!(f, " none: {count}")?,
                _ => write!(f, " {status}: {count}")?,
            }
        }
        write!(f, "; slowest refusal {} ms", slowest_refusal.as_millis())
    }
}

mod tests {
    use super::*;
    use crate::support::seeded::{Person, letter};
    use cliquet_wire::poll::Delivery;

    fn person(number: u8) -> Person {
        let email = format!("p{number}@example.org").parse().unwrap();
        Person { email, device: DeviceId::from_random([number; 16]), token: String::new() }
    }

    fn answer(deliveries: &[(u64, &Envelope)]) -> Answer {
        let delivery = |(cursor, envelope): &(u64, &Envelope)| Delivery::of(*cursor, (*envelope).clone());
        let answer = PollAnswer { deliveries: deliveries.iter().map(delivery).collect(), ..PollAnswer::default() };
        Answer { status: 200, body: serde_json::to_string(&answer).unwrap(), ..Answer::default() }
    }

    #[test]
    fn the_judgement_finds_what_was_lost_doubled_invented_and_disordered() {
        let (from, to) = (person(1), person(2));
        let [one, two, three] = [1, 2, 3].map(|number| letter(number, &from, &to));
        let happened = |told: &[&Envelope], seen: &[(u64, &Envelope)]| {
            let history = History::default();
            [&one, &two].into_iter().for_each(|envelope| history.sends(envelope));
            told.iter().for_each(|envelope| history.is_told(envelope));
            history.sees(to.device, 0, &answer(seen));
            let Verdict { lost, twice, invented, disordered, .. } = history.verdict();
            (lost, twice, invented, disordered)
        };
        assert_eq!(happened(&[&one, &two], &[(5, &one), (6, &two)]), (0, 0, 0, 0));
        assert_eq!(happened(&[&one], &[(5, &one), (6, &two)]), (0, 0, 0, 0), "not told, and there all the same");
        assert_eq!(happened(&[&one, &two], &[(5, &one)]), (1, 0, 0, 0));
        assert_eq!(happened(&[&one], &[(5, &one), (6, &one)]), (0, 1, 0, 0));
        assert_eq!(happened(&[&one], &[(5, &one), (6, &three)]), (0, 0, 1, 0));
        assert_eq!(happened(&[&one], &[(5, &one), (5, &two)]), (0, 0, 0, 1));
        let altered = Envelope { previous_chain_length: 7, ..two.clone() };
        assert_eq!(happened(&[&one], &[(5, &one), (6, &altered)]), (0, 0, 1, 0));
    }

    #[test]
    #[should_panic(expected = "500: 1")]
    fn the_judgement_takes_no_fault_of_the_server() {
        let (from, to) = (person(1), person(2));
        let (history, one) = (History::default(), letter(1, &from, &to));
        history.sends(&one);
        history.is_told(&one);
        history.sees(to.device, 0, &answer(&[(5, &one)]));
        history.is_answered(&Ok(Answer { status: 500, ..Answer::default() }), Duration::ZERO);
        history.verdict().demand();
    }
}
