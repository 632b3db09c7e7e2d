//! Owns the same workloads over vodozemac's `Session::encrypt` and `Session::decrypt`, messages unencoded.
//! Knows nothing of clocks.

use bench_turns::{CONTENT, Workloads};
use vodozemac::{
    Curve25519PublicKey,
    olm::{Account, OlmMessage, Session, SessionConfig},
};

/// Alice and Bob, acquainted, and what is under way from her to him.
pub struct Pair {
    alice: Account,
    bob: Account,
    from: Session,
    to: Session,
    under_way: Vec<OlmMessage>,
    prepared: Vec<Curve25519PublicKey>,
}

fn receive(session: &mut Session, message: &OlmMessage) -> Option<()> {
    (session.decrypt(message).ok()?.len() == CONTENT.len()).then_some(())
}

/// A session begun with `one_time` and its pre-key message, opened at the other side.
fn set_up(alice: &Account, bob: &mut Account, one_time: Curve25519PublicKey) -> Option<(Session, Session)> {
    let mut from = alice.create_outbound_session(SessionConfig::version_1(), bob.curve25519_key(), one_time).ok()?;
    let OlmMessage::PreKey(first) = from.encrypt(CONTENT).ok()? else { return None };
    let accepted = bob.create_inbound_session(SessionConfig::version_1(), alice.curve25519_key(), &first).ok()?;
    (accepted.plaintext.len() == CONTENT.len()).then_some((from, accepted.session))
}

impl Workloads for Pair {
    fn begin() -> Option<Self> {
        let (alice, mut bob) = (Account::new(), Account::new());
        let one_time = *bob.generate_one_time_keys(1).created.first()?;
        let (mut from, mut to) = set_up(&alice, &mut bob, one_time)?;
        receive(&mut from, &to.encrypt(CONTENT).ok()?)?;
        receive(&mut to, &from.encrypt(CONTENT).ok()?)?;
        Some(Self { alice, bob, from, to, under_way: Vec::new(), prepared: Vec::new() })
    }

    fn seal(&mut self, count: usize) -> Option<()> {
        for _ in 0..count {
            let message = self.from.encrypt(CONTENT).ok()?;
            self.under_way.push(message);
        }
        Some(())
    }

    fn open(&mut self) -> Option<()> {
        for message in &self.under_way {
            receive(&mut self.to, message)?;
        }
        self.under_way.clear();
        Some(())
    }

    fn ping_pong(&mut self, count: usize) -> Option<()> {
        for _ in 0..count {
            receive(&mut self.to, &self.from.encrypt(CONTENT).ok()?)?;
            receive(&mut self.from, &self.to.encrypt(CONTENT).ok()?)?;
        }
        Some(())
    }

    fn prepare(&mut self, count: usize) -> Option<()> {
        self.bob.mark_keys_as_published();
        self.prepared = self.bob.generate_one_time_keys(count).created;
        (self.prepared.len() == count).then_some(())
    }

    fn set_up(&mut self) -> Option<()> {
        for one_time in self.prepared.drain(..) {
            set_up(&self.alice, &mut self.bob, one_time)?;
        }
        Some(())
    }
}

bench_turns::exports!(crate::Pair);
