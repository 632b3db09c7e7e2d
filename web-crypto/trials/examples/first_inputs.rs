//! Writes one or a few well-formed inputs for each fuzz target, to begin a corpus with: `… --example first_inputs -- DIR`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a chore")]

use cliquet_trials::{
    device::now_or_never,
    signatures::Stamp,
    world::{World, address, card_of, disk_of},
};
use cliquet_web_crypto::client::records::Store;
use cliquet_wire::{
    contacts::{Bundles, ClaimBundles},
    envelope::{MessagesSent, SendMessages},
    poll::{Poll, PollAnswer},
    pre_keys::PreKeyStock,
    problem::{Problem, ProblemCode},
    sign_in::{SignInStart, SignedIn},
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

    let mut world = World::strangers(2, 1);
    world.add_contact(0, 1);
    world.write(0, 1);
    for _ in 0..8 {
        world.seal(0);
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
            e.first = None;
            e
        })
        .unwrap(),
    );
    json("envelope", "post", serde_json::to_value(SendMessages { envelopes: vec![envelope.clone()] }).unwrap());
    json("envelope", "sent", serde_json::to_value(MessagesSent { timestamp: 1 }).unwrap());
    let delivery = cliquet_wire::poll::Delivery::of(3, envelope);
    json("poll", "answer", serde_json::to_value(PollAnswer { deliveries: vec![delivery], ephemeral: vec![] }).unwrap());
    json("poll", "question", serde_json::to_value(Poll { cursor: 7, wait_seconds: Some(25) }).unwrap());
    let card = card_of(0);
    json("card", "card", serde_json::to_value(&card).unwrap());
    json("card", "list", serde_json::to_value(&card.device_list).unwrap());
    json("card", "certificate", serde_json::to_value(&card.certificates[0]).unwrap());
    let bundles = world.office.claim(&address(0), &[card.certificates[0].device]);
    json("bundle", "bundle", serde_json::to_value(&bundles[0]).unwrap());
    json("bundle", "bundles", serde_json::to_value(Bundles { bundles }).unwrap());
    json("bundle", "claim", serde_json::to_value(ClaimBundles { devices: card.device_list.devices.clone() }).unwrap());
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
    };
    json("problem", "problem", serde_json::to_value(problem).unwrap());
    json(
        "sign_in",
        "start",
        serde_json::to_value(SignInStart { email: "a".into(), request: Default::default() }).unwrap(),
    );
    json("sign_in", "done", serde_json::to_value(SignedIn { card, vault: Default::default(), device: None }).unwrap());
    json("sign_in", "vault", serde_json::to_value(Vault { vault: Default::default() }).unwrap());
    write("vault", "short", &[1, 0, 0, 0, 4, 1, 2, 3, 4, 5]);

    world.settle();
    for (kind, device) in [(0, disk_of(0)), (1, world.devices[1].disk.clone())] {
        for ((store, key), value) in &device.0 {
            let kind = match store {
                Store::Device if key == "identity" => 0,
                Store::Device => 1,
                Store::Peers => 4,
                Store::Messages => 5,
                Store::Sessions => 6,
                _ => continue,
            };
            write("saved_state", &format!("{kind}"), &[&[kind], value.as_slice()].concat());
        }
        let _ = kind;
    }
    let text = |body| {
        let device = cliquet_wire::ids::DeviceId::from_random([1; 16]);
        cliquet_web_crypto::client::content::Content { sender: address(0), device, time: 1, body }.encode().unwrap()
    };
    use cliquet_web_crypto::client::{
        content::{Body, ReceiptKind},
        conversation::{Event, MessageId, MessageRef},
    };
    let message = MessageId::from_parts(1, [2; 10]);
    write("content", "text", &text(Body::Event { id: message, event: Event::Text { text: "é".into() } }));
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
    now_or_never(async {});
}
