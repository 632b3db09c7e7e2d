//! Writes one or a few well-formed inputs for each fuzz target, to begin a corpus with: `… --example first_inputs -- DIR`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a chore")]

use cliquet_trials::{
    signatures::Stamp,
    world::{World, address, directory_of},
};
use cliquet_web_crypto::{
    client::{
        content::{Body, Content, OwnList, ReceiptKind},
        conversation::{self, ConversationId, Event, GroupId, Message, MessageId, MessageRef},
        saved_file::{Owner, Writer},
    },
    crypto::{history::OlderKeys, keys::Key},
};
use cliquet_wire::{
    bytes::{Blob, Bytes},
    contacts::{Bundles, ClaimBundles},
    device_proof::DeviceProof,
    envelope::{MessagesSent, SendMessages},
    poll::{Poll, PollAnswer},
    pre_keys::PreKeyStock,
    problem::{Problem, ProblemCode},
    sign_in::{SignInFinish, SignInStart, SignedIn},
    vault::Vault,
};
use std::{env, fs, path::Path};

fn main() {
    let folder = env::args().nth(1).expect("a folder");
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };
    let json = |target: &str, name: &str, value: serde_json::Value| write(target, name, value.to_string().as_bytes());
    let of = |value| serde_json::to_value(value).unwrap();

    write("address", "typed", b" Alice.B+c@Example.ORG\n");
    write("account_key", "one", Stamp::of(0).0.as_der());
    write("byte_strings", "four", b"AAEC_-");
    let text = "*bold* _italic_ ~strike~ `code`\n```\nblock\n```\n*https://e.org/a_(b)*. www.e.org, bob@e.org";
    write("markup", "all", text.as_bytes());

    let mut world = World::strangers(2, 1);
    world.add_contact(0, 1);
    world.write(0, 1);
    for _ in 0..8 {
        world.encrypt(0);
        world.post(0, false);
    }
    let mailbox = world.office.mailbox(world.devices[1].id).clone();
    let envelope = mailbox.waiting[0].envelope.clone();
    json("envelope", "first", of(&envelope).clone());
    json(
        "envelope",
        "later",
        serde_json::to_value({
            let mut e = envelope.clone();
            e.pre_key_message = None;
            e
        })
        .unwrap(),
    );
    json(
        "envelope",
        "post",
        serde_json::to_value(SendMessages { envelopes: vec![envelope.clone()], ..Default::default() }).unwrap(),
    );
    json("envelope", "sent", serde_json::to_value(MessagesSent { timestamp: 1 }).unwrap());
    let delivery = cliquet_wire::poll::Delivery::of(3, envelope);
    json("poll", "answer", serde_json::to_value(PollAnswer { deliveries: vec![delivery], ephemeral: vec![] }).unwrap());
    json("poll", "question", serde_json::to_value(Poll { cursor: 7, wait_seconds: Some(25) }).unwrap());
    let directory = directory_of(0);
    json("directory", "directory", serde_json::to_value(&directory).unwrap());
    json("directory", "list", serde_json::to_value(&directory.device_list).unwrap());
    json("directory", "certificate", serde_json::to_value(&directory.certificates[0]).unwrap());
    let bundles = world.office.claim(&address(0), &[directory.certificates[0].device]).unwrap();
    json("bundle", "bundle", serde_json::to_value(&bundles[0]).unwrap());
    json("bundle", "bundles", serde_json::to_value(Bundles { bundles }).unwrap());
    json(
        "bundle",
        "claim",
        serde_json::to_value(ClaimBundles { devices: directory.device_list.devices.clone(), token: None }).unwrap(),
    );
    json(
        "bundle",
        "stock",
        serde_json::to_value(PreKeyStock { one_time_left: 3, one_time_newest: 2, signed: 1, kem: 1 }).unwrap(),
    );
    let code = ProblemCode::TooManyRequests;
    let problem = Problem {
        kind: "/problems#x".into(),
        code,
        status: 429,
        title: "é\n".into(),
        detail: "\u{1}\"".into(),
        retry_after: Some(3),
        accounts: vec!["alice@example.org".parse().unwrap()],
    };
    json("problem", "problem", serde_json::to_value(problem).unwrap());
    json(
        "sign_in",
        "start",
        serde_json::to_value(SignInStart { email: "a".into(), request: Default::default() }).unwrap(),
    );
    let proof = DeviceProof { device: directory.certificates[0].device, proof: Bytes([7; 32]) };
    let finish = SignInFinish {
        attempt: directory.certificates[0].device.0,
        finalization: Blob(vec![5; 64]),
        device: Some(proof),
    };
    json("sign_in", "as_device", serde_json::to_value(finish).unwrap());
    json(
        "sign_in",
        "done",
        serde_json::to_value(SignedIn { directory, vault: Default::default(), device: None }).unwrap(),
    );
    json("sign_in", "vault", serde_json::to_value(Vault { vault: Default::default() }).unwrap());
    let golden = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
        fs::read(folder.join(name).with_extension("bin")).unwrap()
    };
    for name in ["vault", "vault_without_recovery_key"] {
        write("vault", name, &golden(name));
    }
    write("history_segment", "texts", &golden("texts"));
    // The first byte says which kind of record it is.
    let of_kind = |target: &str, names: &[&str]| {
        for (kind, name) in names.iter().enumerate() {
            write(target, name, &[&[u8::try_from(kind).unwrap()], golden(name).as_slice()].concat());
        }
    };
    of_kind(
        "saved_state",
        &["identity", "pre_keys", "session", "sessions", "peer", "message", "peer_sessions", "outbox_entry"],
    );
    of_kind(
        "conversation_record",
        &[
            "conversation",
            "message",
            "amendments",
            "outgoing_event",
            "waiting",
            "unknown_content",
            "outbox_entry",
            "owed",
        ],
    );

    world.settle();
    write("saved_file", "two_texts", saved_file(&world).as_bytes());
    let text = |body| {
        let device = cliquet_wire::ids::DeviceId::from_random([1; 16]);
        let list = OwnList { counter: 1, hash: Bytes([3; 32]) };
        Content { sender: address(0), device, time: 1, list, group: None, body }.encode().unwrap()
    };
    let message = MessageId::from_parts(1, [2; 10]);
    write(
        "content",
        "text",
        &text(Body::Event {
            id: message,
            event: Event::Text { text: "é".into(), quote: None, seconds: None, attachment: None },
        }),
    );
    write("content", "contact_request", &text(Body::ContactRequest));
    write("content", "receipt", &text(Body::Receipt { kind: ReceiptKind::Delivered, messages: vec![message; 2] }));
    let (conversation, account_key) = (address(1), Stamp::of(1).0);
    let (sync, of) = (Box::new(Body::ContactRequest), MessageRef { sender: address(0), id: message });
    let (conversation, account_key) = (conversation.into(), Some(Box::new(account_key)));
    write("content", "sync", &text(Body::Sync { conversation, account_key, body: sync }));
    let event = |event| text(Body::Event { id: message, event });
    write("content", "edit", &event(Event::Edit { of: message, text: "è".into() }));
    write("content", "delete", &event(Event::Delete { of: of.clone(), for_everyone: true }));
    write("content", "reaction", &event(Event::Reaction { of, emoji: Some("🎉".into()) }));
    for class in 0..3_u8 {
        let all: Vec<u8> = (0..90_u8).map(|place| place.wrapping_mul(37).wrapping_add(class)).collect();
        write("session", &format!("{class}"), &[&[class, class, 1], all.as_slice()].concat());
    }
}

/// What a device of the first account saves of its conversation with the second, up to the proof.
fn saved_file(world: &World) -> String {
    let (email, hash, key) = (address(0), Stamp::of(0).0.hash(), Key::from_bytes([7; 32]));
    let older = OlderKeys::default();
    let mut to = Writer::begin(
        Owner { email: &email, account_key_hash: &hash, history_key: &key, older: &older },
        "Messages & more",
        "en",
    );
    to.conversation(world.devices[0].messenger.peer(&address(1)).unwrap());
    for mut message in world.devices[0].lines(&address(1)) {
        to.message(&message, "today");
        let edit = Event::Edit { of: message.id, text: "<é>".into() };
        message.amendments.note(&email, conversation::Stamp { time: 2, id: message.id }, &edit);
        to.message(&message, "today");
    }
    to.group(GroupId([7; 16]), "Walks & more");
    for message in world.devices[0].lines(&address(1)) {
        to.message(&Message { conversation: ConversationId::Group(GroupId([7; 16])), ..message }, "today");
    }
    let file = to.end();
    file.split_inclusive(" data-proof=").next().unwrap().to_owned()
}
