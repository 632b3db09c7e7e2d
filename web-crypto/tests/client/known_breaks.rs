//! Attacks that broke other messengers, played against this client by a server that holds the post office, the mailboxes
//! and every answer, and by contacts that help it. Each is refused or shown; none passes in silence.

use crate::world::{World, address, now_or_never, signer};
use cliquet_web_crypto::{
    client::{
        content::{Body, Content, OwnList, ReceiptKind},
        conversation::{DeliveryStatus, Event, Failure, MessageId, Notice},
        messenger::{Ignored, StepError},
        peer::Trust,
        records::Store,
    },
    crypto::{
        Sessions,
        keys::Key,
        rsa::{Verifier as _, native::NativeVerifier},
        safety_number::SafetyNumber,
        vault::{self, Owner, VaultKeys},
    },
};
use cliquet_wire::{
    bytes::{Blob, Bytes, Signature},
    envelope::{Envelope, SendMessages},
    ids::EnvelopeId,
};
use minicbor::Decoder;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rsa::{
    RsaPrivateKey,
    pkcs1v15::SigningKey,
    pkcs8::{DecodePrivateKey as _, EncodePublicKey as _},
    sha2::Sha256,
    signature::{SignatureEncoding as _, Signer as _},
};
use std::collections::BTreeSet;

/// The sessions in a record of [`Store::Sessions`]: field 0 of the map that follows the version.
fn sessions_in(kept: &[u8]) -> Sessions {
    let mut from = Decoder::new(kept);
    assert_eq!((from.array().unwrap(), from.u32().unwrap()), (Some(2), 1));
    assert!(from.map().unwrap().is_some() && from.u32().unwrap() == 0);
    let begin = from.position();
    from.skip().unwrap();
    Sessions::load(&[&[0x82, 1], &kept[begin..from.position()]].concat()).unwrap()
}

/// The sessions of one device with another, taken out of its storage: what that device's own thief can do.
pub(crate) fn stolen_sessions(world: &World, of: usize, with: usize) -> Sessions {
    let peer = &world.devices[with];
    let key = format!("{}/{}", peer.address, peer.id.0.simple());
    let kept = &world.devices[of].disk.0[&(Store::Sessions, key)];
    sessions_in(kept)
}

/// An envelope from one device to another with this content, as a client that keeps no rules would seal it.
pub(crate) fn sealed(world: &mut World, from: usize, to: usize, content: &Content) -> Envelope {
    let sessions = stolen_sessions(world, from, to);
    let device = &mut world.devices[from];
    let id = EnvelopeId::from_parts(device.now + 1, [from as u8; 10]);
    sessions.encrypt(id, &content.encode().unwrap(), &mut device.rng).unwrap().1
}

pub(crate) fn says(world: &World, from: usize, body: Body) -> Content {
    let device = &world.devices[from];
    let list = OwnList::of(&world.office.directories[&device.address].device_list);
    Content { sender: device.address.clone(), device: device.id, time: device.now, list, group: None, body }
}

fn text(words: &str) -> Body {
    Body::Event {
        id: MessageId::from_parts(1, [8; 10]),
        event: Event::Text { text: words.into(), quote: None, seconds: None, attachment: None },
    }
}

/// What a device would post now, without posting it.
fn posts(world: &mut World, place: usize) -> Vec<Envelope> {
    while world.devices[place].messenger.outbox().next().is_none() {
        assert!(world.seal_one(place));
    }
    let body = &world.devices[place].messenger.outbox().next().unwrap().body;
    serde_json::from_str::<SendMessages>(body).unwrap().envelopes
}

/// Alice (0), Bob (1) and Mallory (2), each a contact of Alice's.
fn with_mallory(seed: u64) -> World {
    let mut world = World::alice_and_bob(seed);
    let mallory = world.add_device("mallory", 2);
    world.add_contact(mallory, "alice");
    world.settle();
    world.add_contact(0, "mallory");
    world.settle();
    world
}

#[test]
fn a_device_that_the_server_adds_to_ones_own_account_gets_no_copies() {
    let mut world = World::alice_and_bob(500);
    world.add_device("mallory", 2);
    let foreign = world.office.directories[&address("mallory")].certificates[0].clone();
    let directory = world.office.directories.get_mut(&address("alice")).unwrap();
    directory.device_list.devices.push(foreign.device);
    directory.device_list.counter += 1;
    directory.certificates.push(foreign);
    let forged = directory.clone();
    let alice = &world.devices[0];
    let refused = now_or_never(alice.messenger.directory_arrived(forged, alice.now, &NativeVerifier));
    assert_eq!(refused.err(), Some(StepError::NotProven));
    assert!(!world.office.mailboxes.contains_key(&world.devices[2].id));
}

#[test]
fn pre_keys_of_one_device_do_not_serve_another_of_the_same_account() {
    let mut world = World::two_strangers(501);
    let tablet = world.add_device("bob", 1);
    // The ids are exchanged, the signatures are true: one account key signed both.
    let (phone, tablet) = (world.devices[1].id, world.devices[tablet].id);
    let [of_phone, of_tablet] = [&phone, &tablet].map(|id| world.office.pre_keys[id].clone());
    world.office.pre_keys.insert(phone, of_tablet);
    world.office.pre_keys.insert(tablet, of_phone);
    world.devices[1..].iter_mut().for_each(|device| device.online = false);
    world.add_contact(0, "bob");
    world.write(0, "bob", "secret");
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Failed(Failure::BadPreKeys)]);
    assert!(world.office.mailboxes.values().all(Vec::is_empty));
}

#[test]
fn a_signature_of_one_kind_does_not_pass_as_another() {
    let mut world = World::two_strangers(502);
    // The certificate's signature covers Bob's identity key: it is presented as the signature of a pre-key.
    let certificate = world.office.directories[&address("bob")].certificates[0].clone();
    let bob = world.devices[1].id;
    let signed = world.office.pre_keys.get_mut(&bob).unwrap().signed.as_mut().unwrap();
    (signed.key, signed.signature) = (certificate.identity_key, certificate.signature);
    world.add_contact(0, "bob");
    world.write(0, "bob", "secret");
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Failed(Failure::BadPreKeys)]);
}

#[test]
fn an_older_kind_of_rsa_signature_by_the_true_key_is_refused() {
    let key = RsaPrivateKey::from_pkcs8_der(include_bytes!("../keys/bob.der")).unwrap();
    let der = key.to_public_key().to_public_key_der().unwrap();
    let account_key = cliquet_wire::account_key::AccountKey::from_der(der.as_bytes()).unwrap();
    let signature = SigningKey::<Sha256>::new(key).sign(b"statement").to_vec();
    let signature: Signature = Bytes::try_from(signature.as_slice()).unwrap();
    assert!(!now_or_never(NativeVerifier.verify(&account_key, b"statement", &signature)));
}

#[test]
fn a_length_tells_nothing_of_what_is_said_beyond_its_step() {
    let mut world = World::alice_and_bob(503);
    let words: String = (0..1_000_u32).map(|n| char::from(b'!' + (n * n % 89) as u8)).collect();
    let lengths: BTreeSet<usize> = ["a".repeat(1_000), words, "é".repeat(500)]
        .into_iter()
        .map(|said| {
            let content = says(&world, 0, text(&said));
            sealed(&mut world, 0, 1, &content).ciphertext.0.len()
        })
        .collect();
    assert_eq!(lengths.len(), 1, "nothing is compressed: {lengths:?}");
}

#[test]
fn a_contact_cannot_plant_copies_of_what_one_never_wrote() {
    let mut world = with_mallory(504);
    let bobs_key = signer(1).account_key().clone();
    let message = MessageId::from_parts(1, [8; 10]);
    let planted = [
        Body::Sync {
            conversation: address("bob").into(),
            account_key: Some(Box::new(bobs_key.clone())),
            body: Box::new(Body::Event {
                id: message,
                event: Event::Text { text: "I owe Mallory 100".into(), quote: None, seconds: None, attachment: None },
            }),
        },
        Body::Sync {
            conversation: address("eve").into(),
            account_key: Some(Box::new(bobs_key)),
            body: Box::new(Body::ContactRequest),
        },
    ];
    for body in planted {
        let content = says(&world, 2, body);
        let envelope = sealed(&mut world, 2, 0, &content);
        world.office.deliver(envelope);
        world.poll(0);
    }
    assert_eq!(world.devices[0].conversation("mallory"), ["! CannotOpen"]);
    assert!(world.devices[0].conversation("bob").is_empty());
    assert!(world.devices[0].messenger.contact(&address("eve")).is_none());
}

#[test]
fn a_sender_inside_that_differs_from_the_outside_is_shown_under_no_other_name() {
    let mut world = with_mallory(505);
    let bob = (world.devices[1].address.clone(), world.devices[1].id);
    let content = Content { sender: bob.0.clone(), device: bob.1, ..says(&world, 2, text("I am Bob")) };
    let inside = sealed(&mut world, 2, 0, &content);
    let mut outside = inside.clone();
    (outside.sender_email, outside.sender_device, outside.id) = (bob.0, bob.1, EnvelopeId::from_parts(2, [1; 10]));
    world.office.deliver(inside);
    world.office.deliver(outside);
    world.poll(0);
    assert_eq!(world.devices[0].conversation("mallory"), ["! CannotOpen"]);
    assert_eq!(
        world.devices[0].conversation("bob"),
        ["! CannotOpen"],
        "whose name it bore, and nothing of what it said"
    );
}

#[test]
fn a_fellow_receiver_forges_nothing() {
    let mut world = World::alice_and_bob(506);
    let tablet = world.add_device("bob", 1);
    world.devices[tablet].online = false;
    world.write(0, "bob", "to both");
    world.settle();
    let of_tablet = world.office.mailboxes[&world.devices[tablet].id].last().unwrap().envelope.clone().unwrap();
    world.devices[tablet].online = true;
    world.settle();
    // Bob's tablet has all of its own session, and the server's help, and puts words in Alice's mouth for Bob's phone.
    let content = says(&world, 0, text("forged"));
    let mut forged = sealed(&mut world, tablet, 0, &content);
    let mut turned = of_tablet.clone();
    for envelope in [&mut forged, &mut turned] {
        (envelope.sender_email, envelope.sender_device) = (world.devices[0].address.clone(), world.devices[0].id);
        (envelope.receiver_email, envelope.receiver_device) = (world.devices[1].address.clone(), world.devices[1].id);
    }
    world.office.deliver(forged);
    world.office.deliver(turned);
    world.poll(1);
    assert_eq!(world.devices[1].conversation("alice"), ["< to both", "! CannotOpen"]);
}

#[test]
fn what_is_repeated_reordered_or_reflected_shows_each_text_once() {
    let mut world = World::alice_and_bob(507);
    world.devices[1].online = false;
    let texts = ["one", "two", "three"];
    for words in texts {
        world.write(0, "bob", words);
        world.settle();
    }
    let mailbox = world.office.mailboxes.remove(&world.devices[1].id).unwrap();
    let envelopes: Vec<Envelope> = mailbox.into_iter().filter_map(|delivery| delivery.envelope).collect();
    for envelope in envelopes.iter().rev().chain(&envelopes) {
        world.office.deliver(envelope.clone());
        // Back to whom it came from: as it is, and with its ends exchanged.
        let mut reflected = envelope.clone();
        (reflected.sender_email, reflected.receiver_email) = (envelope.receiver_email.clone(), address("alice"));
        (reflected.sender_device, reflected.receiver_device) = (envelope.receiver_device, envelope.sender_device);
        let mut back = envelope.clone();
        (back.receiver_email, back.receiver_device) = (address("alice"), envelope.sender_device);
        world.office.deliver(reflected);
        world.office.deliver(back);
    }
    world.devices[1].online = true;
    world.poll(1);
    world.poll(0);
    let shown = world.devices[1].conversation("alice");
    assert_eq!(shown.iter().map(|line| &line[2..]).collect::<BTreeSet<_>>(), BTreeSet::from(texts));
    assert_eq!(shown.len(), 3);
    let alices = world.devices[0].conversation("bob");
    assert_eq!(alices.len(), 4, "her three, and a notice for what came back: {alices:?}");
    assert!(world.devices[0].ignored.contains(&Ignored::Misdirected));
}

#[test]
fn what_the_server_drops_is_never_marked_as_delivered() {
    let mut world = World::alice_and_bob(508);
    world.devices[1].online = false;
    world.write(0, "bob", "dropped");
    world.settle();
    world.office.mailboxes.clear();
    world.devices[1].online = true;
    world.write(0, "bob", "arrives");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< arrives"]);
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Sent, DeliveryStatus::Delivered]);
}

#[test]
fn a_device_set_up_anew_opens_nothing_that_was_for_the_old_one() {
    let mut world = World::two_strangers(509);
    world.add_contact(0, "bob");
    world.write(0, "bob", "to the old one");
    world.devices[1].online = false;
    world.settle();
    let old = world.office.mailboxes[&world.devices[1].id].clone();
    let fresh = world.add_device("bob", 1);
    for delivery in old {
        let mut envelope = delivery.envelope.unwrap();
        world.office.deliver(Envelope { receiver_device: world.devices[fresh].id, ..envelope.clone() });
        envelope.receiver_device = world.devices[fresh].id;
        envelope.pre_key_message = None;
        world.office.deliver(envelope);
    }
    world.poll(fresh);
    assert!(world.devices[fresh].conversation("alice").is_empty());
    assert!(world.devices[fresh].ignored.contains(&Ignored::Stranger), "{:?}", world.devices[fresh].ignored);
}

#[test]
fn a_vault_that_was_exchanged_or_altered_opens_nothing() {
    let mut rng = ChaCha20Rng::seed_from_u64(510);
    let make = |account: usize, name: &str, secret: u8, rng: &mut ChaCha20Rng| {
        let (root, signer, email) = (Key::from_bytes([secret; 32]), signer(account), address(name));
        let wrapped = signer.wrap(&VaultKeys::derive(&root).wrapping, rng).unwrap();
        let owner = Owner { email: &email, account_key: signer.account_key() };
        vault::make(owner, &root, &[secret; 64], &wrapped, 1, rng).unwrap()
    };
    let (alices, mallorys) = (make(0, "alice", 1, &mut rng), make(2, "mallory", 2, &mut rng));
    let older = make(0, "alice", 1, &mut rng);
    let alice = address("alice");
    let owner = Owner { email: &alice, account_key: signer(0).account_key() };
    let open = |blob: &Blob| {
        let root = vault::root_by_password(owner, &[1; 64], blob).ok();
        root.is_some_and(|root| vault::open(owner, &VaultKeys::derive(&root).body, 0, blob).is_ok())
    };
    assert!(open(&alices) && open(&older) && !open(&mallorys));
    // Locks and wrapped account key of one vault, the body of another; and the lock alone.
    for split in [alices.0.len() - 1_024 - 32, 65] {
        assert!(!open(&Blob([&alices.0[..split], &older.0[split..]].concat())), "{split}");
        assert!(!open(&Blob([&mallorys.0[..split], &alices.0[split..]].concat())), "{split}");
        assert!(!open(&Blob([&alices.0[..split], &mallorys.0[split..]].concat())), "{split}");
    }
}

#[test]
fn a_wrapped_account_key_beside_anothers_public_half_is_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(511);
    let key = Key::generate(&mut rng);
    let wrapped = signer(0).wrap(&key, &mut rng).unwrap();
    assert!(wrapped.unwrap(signer(0).account_key(), &key).is_ok());
    assert!(wrapped.unwrap(signer(2).account_key(), &key).is_err());
}

#[test]
fn an_emptied_stock_is_used_up_and_nobody_is_kept_from_writing() {
    let mut world = World::two_strangers(512);
    let bob = world.devices[1].id;
    // The server hands all one-time keys to a helper, and the same one twice to others.
    let last = world.office.pre_keys.get_mut(&bob).unwrap().one_time.drain(..).next_back().unwrap();
    world.office.pre_keys.get_mut(&bob).unwrap().one_time = vec![last.clone(), last];
    world.add_contact(0, "bob");
    world.write(0, "bob", "one");
    world.settle();
    let mallory = world.add_device("mallory", 2);
    world.add_contact(mallory, "bob");
    world.write(mallory, "bob", "with a used key");
    world.settle();
    assert_eq!(world.devices[1].conversation("alice"), ["< one"]);
    assert!(world.devices[1].ignored.contains(&Ignored::Stranger), "its key is gone: {:?}", world.devices[1].ignored);
    let carol = world.add_device("carol", 2);
    world.add_contact(carol, "bob");
    world.write(carol, "bob", "without one");
    world.settle();
    assert_eq!(world.devices[1].conversation("carol"), ["< without one"]);
}

#[test]
fn nobody_learns_when_one_is_there_before_one_has_answered() {
    let mut world = World::two_strangers(513);
    world.add_contact(0, "bob");
    world.write(0, "bob", "are you there?");
    world.settle();
    let posts = world.office.accepted;
    // Rubbish, hellos and receipts in any number: nothing leaves Bob's device by itself.
    for body in [
        Body::ContactRequest,
        Body::Receipt { kind: ReceiptKind::Delivered, messages: vec![MessageId::from_parts(1, [1; 10])] },
        text("hey"),
    ] {
        let content = says(&world, 0, body);
        let envelope = sealed(&mut world, 0, 1, &content);
        let mut rubbish = envelope.clone();
        rubbish.salt.0[0] ^= 1;
        world.office.deliver(rubbish);
        world.office.deliver(envelope);
        world.devices[1].now += 120_000;
        world.settle();
    }
    assert_eq!(world.office.accepted, posts, "not one post");
    assert_eq!(world.devices[1].contact("alice").peer.trust, Trust::Requested);
    // Nor when one knows the other's devices, and has taken one's word back.
    let mut world = World::alice_and_bob(517);
    for unblocks in [false, true] {
        let (bob, alice) = (&mut world.devices[1], address("alice"));
        let step = if unblocks { bob.messenger.unblock(&alice) } else { bob.messenger.block(&alice) };
        bob.take(step.unwrap());
    }
    let posts = world.office.accepted;
    let content = says(&world, 0, text("hey"));
    let mut rubbish = sealed(&mut world, 0, 1, &content);
    rubbish.salt.0[0] ^= 1;
    world.office.deliver(rubbish);
    world.settle();
    assert_eq!(world.office.accepted, posts, "not one post");
}

#[test]
fn a_request_that_was_not_answered_is_not_marked_as_delivered() {
    let mut world = World::two_strangers(518);
    world.add_contact(0, "bob");
    world.write(0, "bob", "are you there?");
    world.settle();
    assert_eq!(world.devices[0].marks("bob"), [DeliveryStatus::Sent]);
}

#[test]
fn what_shows_nothing_brings_no_receipt() {
    for body in [Body::ContactRequest, Body::Receipt { kind: ReceiptKind::Delivered, messages: Vec::new() }] {
        let mut world = World::alice_and_bob(514);
        let posts = world.office.accepted;
        let content = says(&world, 0, body);
        let envelope = sealed(&mut world, 0, 1, &content);
        world.office.deliver(envelope);
        world.settle();
        assert_eq!(world.office.accepted, posts);
    }
}

#[test]
fn a_key_that_makes_every_secret_zero_is_refused_and_shown() {
    let mut world = World::alice_and_bob(515);
    let content = says(&world, 0, text("hello"));
    let mut envelope = sealed(&mut world, 0, 1, &content);
    envelope.new_ratchet_public_key = Bytes([0; 32]);
    let before = stolen_sessions(&world, 1, 0).save();
    world.office.deliver(envelope);
    world.poll(1);
    assert_eq!(world.devices[1].notices("alice", Notice::CannotOpen), 1);
    assert_eq!(stolen_sessions(&world, 1, 0).save(), before, "the sessions stay as they were");
}

#[test]
fn a_restored_profile_repeats_no_key_and_no_nonce() {
    let mut world = World::alice_and_bob(516);
    let older = world.devices[0].disk.clone();
    let mut sent = Vec::new();
    for _ in 0..3 {
        world.devices[0].disk = older.clone();
        world.devices[0].messenger = world.devices[0].disk.load();
        world.write(0, "bob", "the same");
        sent.extend(posts(&mut world, 0));
    }
    let numbers: BTreeSet<u32> = sent.iter().map(|envelope| envelope.message_number).collect();
    let salts: BTreeSet<_> = sent.iter().map(|envelope| envelope.salt).collect();
    assert_eq!((numbers.len(), salts.len(), sent.len()), (1, 3, 3), "one number, and so one message key; three salts");
}

#[test]
fn an_impostor_has_another_safety_number() {
    let of = |account: usize| {
        let (alice, bob) = (address("alice"), address("bob"));
        SafetyNumber::of((&alice, signer(0).account_key()), (&bob, signer(account).account_key())).to_string()
    };
    assert_ne!(of(1), of(2));
    assert_eq!(of(1), of(1));
}
