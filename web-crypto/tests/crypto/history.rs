//! History segments: each opens for its account, in its place, and nowhere else.

use crate::people::{alice, mallory};
use cliquet_web_crypto::crypto::{
    history::{self, Place, SEALED_BYTES_MORE_MAX, SegmentError},
    keys::Key,
};
use cliquet_wire::{bytes::Blob, ids::SegmentId};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use uuid::Uuid;

#[test]
fn a_segment_opens_only_in_its_place_for_its_account_and_under_its_key() {
    let mut rng = ChaCha20Rng::seed_from_u64(620);
    let (alice, mallory) = (alice(620), mallory(620));
    let (key, hashes) = (Key::generate(&mut rng), [&alice, &mallory].map(|person| person.own.account_key().hash()));
    let place = Place { email: alice.own.email(), account_key_hash: &hashes[0], id: SegmentId(Uuid::from_u128(1)) };
    let sealed = history::seal(&key, place, b"what was said", &mut rng).unwrap();
    assert_eq!(history::open(&key, place, &sealed).unwrap().as_slice(), b"what was said");
    let elsewhere = [
        Place { id: SegmentId(Uuid::from_u128(2)), ..place },
        Place { email: mallory.own.email(), ..place },
        Place { account_key_hash: &hashes[1], ..place },
    ];
    for place in elsewhere {
        assert_eq!(history::open(&key, place, &sealed).err(), Some(SegmentError::Altered));
    }
    assert_eq!(history::open(&Key::generate(&mut rng), place, &sealed).err(), Some(SegmentError::Altered));
    for length in 0..sealed.0.len() {
        let cut = Blob(sealed.0[..length].to_vec());
        assert_eq!(history::open(&key, place, &cut).err(), Some(SegmentError::Altered), "{length}");
    }
    assert_ne!(history::seal(&key, place, b"what was said", &mut rng).unwrap(), sealed, "another salt");
}

#[test]
fn a_segments_length_tells_little_and_stays_within_what_sealing_may_add() {
    let mut rng = ChaCha20Rng::seed_from_u64(621);
    let alice = alice(621);
    let hash = alice.own.account_key().hash();
    let place = Place { email: alice.own.email(), account_key_hash: &hash, id: SegmentId(Uuid::from_u128(1)) };
    let key = Key::generate(&mut rng);
    let mut len = |content: usize| history::seal(&key, place, &vec![7; content], &mut rng).unwrap().0.len();
    assert_eq!(len(0), len(1_023));
    for content in [0, 1_023, 1_024, 5_000] {
        assert!(len(content) <= content + SEALED_BYTES_MORE_MAX, "{content}");
    }
}
