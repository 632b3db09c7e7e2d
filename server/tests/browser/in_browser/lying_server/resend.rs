//! A device that came later asks for what was said before.

use crate::eventually::{PATIENCE, eventually};
use crate::person::Person;
use crate::picture::show;
use crate::proxy::{Answer, Proxy};
use crate::stage::Stage;
use crate::word::{LANGUAGES, word};
use cliquet_wire::{
    devices::RegisterDevice,
    envelope::{Envelope, SendMessages},
    ids::DeviceId,
    poll::PollAnswer,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const BEFORE: &str = "before the laptop came";

/// The server hands an envelope that is not for it to a device that came later, so that it asks for it. The device is a
/// real one: what it is led to do, one in Mallory's hands would do by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_came_later_gets_nothing_that_was_said_before_and_says_so() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("kept").await;
    bob.until_reads(&["kept"]).await;
    bob.until_kept(&stage.proxy).await;
    // What follows is kept in no history: from there it would come.
    for person in [&alice, &bob] {
        person.tab.click(".conversation .menu > summary").await;
        person.tab.click("[role=switch][data-command=forget-history]").await;
        person.tab.until_shown(".tag.if-unkept").await;
    }
    alice.send(BEFORE).await;
    bob.until_reads(&["kept", BEFORE]).await;
    bob.until_kept(&stage.proxy).await;
    let earlier = posted(&stage.proxy, &alice.email, &bob.email).pop().unwrap();

    // The laptop has a wire of its own, so that only it is lied to.
    let wire = Proxy::start(stage.server.port, None).await;
    let mut laptop = Person::arrive(stage.house.path(), "laptop", &wire.url("")).await;
    (laptop.email, laptop.password) = (bob.email.clone(), bob.password.clone());
    laptop.try_sign_in(&laptop.password).await;
    laptop.until_home().await;
    laptop.open(&alice).await;
    alice.send("after").await;
    laptop.until_reads_among(&["after"]).await;

    // In the place of Alice's next envelope it gets the earlier one, under its own name.
    let earlier = Envelope { receiver_device: laptops(&wire), ..earlier };
    let (told, asked) = (Arc::new(AtomicBool::new(false)), posts(&wire));
    let was_told = Arc::clone(&told);
    wire.rewrite("POST", "/poll", move |_, answer| {
        let Some(mut poll) = answer.read::<PollAnswer>() else { return };
        for envelope in poll.deliveries.iter_mut().filter_map(|delivery| delivery.envelope.as_mut()) {
            if envelope.sender_email == earlier.sender_email && !was_told.swap(true, Ordering::SeqCst) {
                *envelope = earlier.clone();
            }
        }
        *answer = Answer::of(answer.status, &poll);
    });
    // A poll that was held before the lie would bring the truth.
    laptop.tab.reload().await;
    laptop.until_home().await;
    alice.send("withheld").await;
    bob.until_hears("withheld").await;
    for language in LANGUAGES {
        laptop.read_pages_in(language).await;
        let notice = "[...document.querySelectorAll('.message.notice .body')].some(e => e.textContent === a[0])";
        laptop.tab.until("the notice", notice, vec![word(language, "word-cannot-open").into()]).await;
        show(&laptop.tab, &format!("resend-{language}")).await;
    }
    assert!(told.load(Ordering::SeqCst), "the laptop was not lied to");
    // It has asked; what follows arrives, and nothing from before.
    let has_asked = async || if posts(&wire) > asked { Ok(()) } else { Err(posts(&wire)) };
    eventually("the laptop to ask for it", PATIENCE, has_asked).await.unwrap();
    alice.send("for both").await;
    laptop.until_hears("for both").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let reads = laptop.tab.ask("document.body.innerText.includes(a[0])", vec![BEFORE.into()]).await;
    assert_eq!(reads, false, "what was said before the device came was sent to it");
    bob.until_reads_among(&[BEFORE, "after", "withheld", "for both"]).await;
}

/// How often something was posted over this wire.
fn posts(wire: &Proxy) -> usize {
    wire.exchanges().iter().filter(|it| it.method == "POST" && it.target == "/messages" && it.status == 201).count()
}

/// What was posted for somebody, in the order in which it was.
fn posted(proxy: &Proxy, from: &str, to: &str) -> Vec<Envelope> {
    let posts = proxy.exchanges().into_iter().filter(|it| it.method == "POST" && it.target == "/messages");
    let posted = posts.filter_map(|it| serde_json::from_slice::<SendMessages>(&it.request_body).ok());
    let all = posted.flat_map(|post| post.envelopes);
    all.filter(|envelope| envelope.sender_email.as_str() == from && envelope.receiver_email.as_str() == to).collect()
}

/// The device that registered over this wire.
fn laptops(wire: &Proxy) -> DeviceId {
    let posts = wire.exchanges().into_iter().filter(|it| it.method == "POST" && it.target == "/devices");
    let mut registered = posts.filter_map(|it| serde_json::from_slice::<RegisterDevice>(&it.request_body).ok());
    registered.next_back().unwrap().device.certificate.device
}
