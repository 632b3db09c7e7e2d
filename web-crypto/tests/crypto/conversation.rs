//! Whole conversations over a network that reorders, loses, repeats and alters, from printed seeds.

use crate::people::{Person, acquainted, alice, bob, exchange};
use cliquet_web_crypto::crypto::DecryptError;
use cliquet_wire::envelope::Envelope;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::collections::VecDeque;

#[test]
fn a_conversation_goes_there_and_back() {
    let (mut alice, mut bob) = (alice(1), bob(1));
    alice.begin(&mut bob);
    for text in ["first", "second", ""] {
        let envelope = alice.encrypt(text);
        assert!(envelope.pre_key_message.is_some(), "until the first reply every envelope can begin the session");
        assert_eq!(bob.decrypt(&envelope).as_deref(), Ok(text));
    }
    let reply = bob.encrypt("reply");
    assert!(reply.pre_key_message.is_none());
    assert_eq!(alice.decrypt(&reply).as_deref(), Ok("reply"));
    assert!(alice.encrypt("third").pre_key_message.is_none());
}

#[test]
fn the_pre_key_messages_may_arrive_in_any_order() {
    let (mut alice, mut bob) = (alice(2), bob(2));
    alice.begin(&mut bob);
    let envelopes: Vec<_> = ["0", "1", "2", "3"].map(|text| alice.encrypt(text)).into();
    for place in [2, 0, 3, 1] {
        assert_eq!(bob.decrypt(&envelopes[place]), Ok(place.to_string()));
    }
    assert_eq!(bob.sessions.len(), 1);
}

#[test]
fn envelopes_survive_json() {
    let (mut alice, mut bob) = (alice(3), bob(3));
    alice.begin(&mut bob);
    let json = serde_json::to_string(&alice.encrypt("hello")).unwrap();
    assert_eq!(bob.decrypt(&serde_json::from_str(&json).unwrap()).as_deref(), Ok("hello"));
}

#[test]
fn the_length_of_a_ciphertext_tells_steps_of_160_bytes_only() {
    let (mut alice, _) = acquainted(4);
    let mut length = |text: &str| alice.encrypt(text).ciphertext.0.len();
    assert_eq!(length(""), 160 + 16);
    assert_eq!(length(&"x".repeat(159)), 160 + 16);
    assert_eq!(length(&"x".repeat(160)), 320 + 16);
}

#[test]
fn the_longest_content_fits_and_one_more_byte_does_not() {
    use cliquet_web_crypto::crypto::EncryptError;
    use cliquet_wire::limits::CIPHERTEXT_BYTES_MAX;
    let (mut alice, mut bob) = acquainted(5);
    let most = (CIPHERTEXT_BYTES_MAX - 16) / 160 * 160 - 1;
    let longest = alice.encrypt(&"x".repeat(most));
    assert_eq!(bob.decrypt(&longest).unwrap().len(), most);
    let id = alice.envelope_id();
    let sealed = alice.sessions.encrypt(id, &vec![0; most + 1], &mut alice.rng);
    assert_eq!(sealed.err(), Some(EncryptError::TooLong));
}

#[test]
fn without_a_session_nothing_is_sealed_or_opened() {
    let (mut alice, mut bob) = acquainted(6);
    let envelope = alice.encrypt("hello");
    bob.sessions = Default::default();
    assert_eq!(bob.decrypt(&envelope).err(), Some(DecryptError::NoSession));
    let id = bob.envelope_id();
    assert!(bob.sessions.encrypt(id, b"hello", &mut bob.rng).is_err());
}

#[test]
fn two_devices_of_one_account_talk_like_two_people() {
    let mut phone = alice(7);
    let mut laptop = phone.second_device(8);
    phone.begin(&mut laptop);
    exchange(&mut phone, &mut laptop);
    exchange(&mut laptop, &mut phone);
}

/// One direction of the network: what is under way, and for how long.
#[derive(Default)]
struct Wire {
    under_way: VecDeque<(Envelope, String, u32)>,
    arrived: Vec<Envelope>,
}

impl Wire {
    fn send(&mut self, from: &mut Person, count: &mut u32) {
        *count += 1;
        let text = count.to_string();
        self.under_way.push_back((from.encrypt(&text), text, 0));
    }

    /// Mostly the oldest; nothing is overtaken more than five times, so that its chain is still remembered.
    fn take(&mut self, rng: &mut ChaCha20Rng) -> Option<(Envelope, String)> {
        let oldest_age = self.under_way.front()?.2;
        let place = if oldest_age >= 5 { 0 } else { rng.next_u32() as usize % self.under_way.len().min(3) };
        self.under_way.iter_mut().take(place).for_each(|entry| entry.2 += 1);
        self.under_way.remove(place).map(|(envelope, text, _)| (envelope, text))
    }

    fn deliver(&mut self, to: &mut Person, rng: &mut ChaCha20Rng) {
        let Some((envelope, text)) = self.take(rng) else { return };
        assert_eq!(to.decrypt(&envelope), Ok(text));
        self.arrived.push(envelope);
    }

    fn lose(&mut self, rng: &mut ChaCha20Rng) {
        self.take(rng);
    }

    fn repeat(&mut self, to: &mut Person, rng: &mut ChaCha20Rng) {
        let recent = &self.arrived[self.arrived.len().saturating_sub(3)..];
        if recent.is_empty() {
            return;
        }
        let envelope = &recent[rng.next_u32() as usize % recent.len()];
        let before = to.dump();
        assert_eq!(to.decrypt(envelope), Err(DecryptError::Duplicate));
        assert_eq!(to.dump(), before);
    }

    fn alter(&mut self, to: &mut Person, rng: &mut ChaCha20Rng) {
        let Some((envelope, _, _)) = self.under_way.front() else { return };
        let mut altered = envelope.clone();
        let place = rng.next_u32() as usize % altered.ciphertext.0.len();
        altered.ciphertext.0[place] ^= 1 << (rng.next_u32() % 8);
        let before = to.dump();
        assert!(to.decrypt(&altered).is_err());
        assert_eq!(to.dump(), before);
    }
}

#[test]
fn any_schedule_ends_in_quiet_agreement() {
    for seed in 0..24 {
        eprintln!("seed {seed}");
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (mut alice, mut bob) = (alice(seed), bob(seed));
        alice.begin(&mut bob);
        let both_begin = seed % 2 == 0;
        if both_begin {
            bob.begin(&mut alice);
        }
        let (mut to_bob, mut to_alice, mut count) = (Wire::default(), Wire::default(), 0);
        for _ in 0..60 {
            let bob_can_write = !bob.sessions.is_empty();
            match rng.next_u32() % 12 {
                0..=2 => to_bob.send(&mut alice, &mut count),
                3..=4 if bob_can_write => to_alice.send(&mut bob, &mut count),
                5..=6 => to_bob.deliver(&mut bob, &mut rng),
                7..=8 => to_alice.deliver(&mut alice, &mut rng),
                9 => {
                    to_bob.repeat(&mut bob, &mut rng);
                    to_alice.repeat(&mut alice, &mut rng);
                }
                10 => {
                    to_bob.alter(&mut bob, &mut rng);
                    to_alice.alter(&mut alice, &mut rng);
                }
                11 => to_bob.lose(&mut rng),
                _ => {}
            }
        }
        while !to_bob.under_way.is_empty() || !to_alice.under_way.is_empty() {
            to_bob.deliver(&mut bob, &mut rng);
            to_alice.deliver(&mut alice, &mut rng);
        }
        exchange(&mut alice, &mut bob);
        exchange(&mut bob, &mut alice);
        let active = |person: &Person| person.sessions.active().unwrap().id();
        assert_eq!(active(&alice), active(&bob), "seed {seed}");
        assert!(!alice.sessions.active().unwrap().is_unanswered());
    }
}
