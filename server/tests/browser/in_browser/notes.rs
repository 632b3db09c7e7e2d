//! Notes to oneself: a conversation like any other, on all devices of the account and nowhere else.

use super::message_menu::choose;
use crate::{
    person::{NEWLY_OPEN, Person, mark_what_is_open},
    picture::show,
    stage::Stage,
};
use serde_json::json;

const CALLED: &str = "document.querySelector('h2 [data-name]')?.textContent === a[0]";
const LISTED: &str = "[...document.querySelectorAll('#contacts [data-contact]')].some(line => \
    line.querySelector('[data-name]').textContent === a[0] && line.querySelector('.contact-last').textContent.includes(a[1]))";
/// What makes no sense there.
const OUT_OF_PLACE: &str = "[...document.querySelectorAll('.conversation :is([data-safety-number], [data-command=block], \
    [data-command=remove], [data-nickname], [data-set=mark-unread], [data-command=forget-history])')]\
    .filter(e => e.getClientRects().length > 0).length";

impl Person {
    async fn open_notes(&self) {
        mark_what_is_open(&self.tab).await;
        self.tab.click(".people .menu > summary").await;
        self.tab.click(&format!(".people .menu [hx-get='/conversations/{}']", self.email)).await;
        self.tab.until_shown(&format!("section[data-conversation='{}']{NEWLY_OPEN}", self.email)).await;
        self.tab.until_shown("form[data-composer] > fieldset:enabled").await;
    }

    async fn until_last(&self, name: &str, last: &str) {
        self.tab.until(&format!("{name} in the list with {last}"), LISTED, vec![name.into(), last.into()]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_writes_to_oneself_is_on_all_devices_and_nowhere_else() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    let laptop = stage.another_browser_of(&alice).await;
    bob.send("something to keep").await;
    alice.until_hears("something to keep").await;
    // The search says where they are.
    alice.tab.write("#add-contact input", &format!("{}\n", alice.email)).await;
    let said = "document.querySelector('#search-result').textContent.includes('“Note to self”')";
    alice.tab.until("where one writes to oneself", said, vec![]).await;

    alice.open_notes().await;
    alice.tab.until("the name above", CALLED, vec!["Note to self".into()]).await;
    alice.tab.until_shown(".no-messages").await;
    show(&alice.tab, "notes-empty").await;
    alice.tab.click(".conversation .menu > summary").await;
    assert_eq!(alice.tab.ask(OUT_OF_PLACE, vec![]).await, 0);
    show(&alice.tab, "notes-menu").await;
    alice.tab.click(".conversation .menu > summary").await;
    alice.send("canary-note: buy milk").await;
    alice.until_marked_just(&["sent"]).await;
    alice.until_last("Note to self", "canary-note: buy milk").await;
    laptop.until_last("Note to self", "canary-note: buy milk").await;

    // The laptop is away, and the network of both for a while.
    laptop.tab.goto(&laptop.url("/transparency")).await;
    alice.tab.until_pages_are_kept().await;
    stage.proxy.go_offline();
    alice.tab.reload().await;
    alice.until_reads(&["canary-note: buy milk"]).await;
    alice.tab.until("the name above", CALLED, vec!["Note to self".into()]).await;
    alice.send("canary-note: and bread").await;
    alice.until_marked_just(&["sent", "waiting"]).await;
    stage.proxy.go_online();
    alice.until_marked_just(&["sent", "sent"]).await;
    choose(&alice.tab, "canary-note: buy milk", "delete").await;
    let everyone = "document.querySelector('#delete-message [data-delete=everyone]').hidden";
    assert_eq!(alice.tab.ask(everyone, vec![]).await, true, "nobody else has it");
    alice.tab.click("#delete-message [data-delete=me]").await;
    alice.open(&bob).await;
    choose(&alice.tab, "something to keep", "forward").await;
    let forward = "(button => button && (button.click(), true))\
        ([...document.querySelectorAll('#forward-message li button')].find(e => e.textContent === a[0]))";
    alice.tab.until("oneself among those to forward to", forward, vec!["Note to self".into()]).await;
    alice.until_last("Note to self", "something to keep").await;
    show(&alice.tab, "notes-listed").await;

    laptop.tab.goto(&laptop.url(&format!("/home?with={}", laptop.email))).await;
    let kept = ["canary-note: and bread", "something to keep"];
    laptop.until_reads_among(&kept).await;
    laptop.send("canary-note: from the laptop").await;
    alice.until_last("Note to self", "canary-note: from the laptop").await;
    laptop.read_pages_in("fr").await;
    laptop.tab.until("the name in French", CALLED, vec!["Note à soi-même".into()]).await;
    show(&laptop.tab, "notes-french").await;

    // After the site's data was cleared, and to nobody but this account.
    alice.until_kept(&stage.proxy).await;
    laptop.until_nothing_is_behind().await;
    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.until_last("Note to self", "canary-note: from the laptop").await;
    alice.open_notes().await;
    alice.until_reads_among(&[&kept[..], &["canary-note: from the laptop"]].concat()).await;
    assert_eq!(bob.tab.ask("document.querySelectorAll('#contacts [data-contact]').length", vec![]).await, json!(1));
    bob.until_reads_among(&["something to keep"]).await;
    let body = |exchange: &crate::proxy::Exchange| String::from_utf8_lossy(&exchange.request_body).into_owned();
    assert!(stage.proxy.exchanges().iter().all(|exchange| !body(exchange).contains("canary-")), "the server was told");
    alice.browser.close().await;
}
