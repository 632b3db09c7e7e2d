//! What another program shares with the app: the service worker takes it, the person chooses to whom, and the server hears
//! nothing of it. No browser without a screen installs an app, so a form of a page posts what the system would.

use crate::browser::Tab;
use crate::canaries::shows;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use crate::support::folder::files_under;
use crate::word::word;
use serde_json::{Value, json};

const TEXT: &str = "canary of a shared text 51c0ff";
const NAME: &str = "canary of a name 8ad11e.txt";
const BYTES: &str = "canary of the bytes 0b77e3";
/// Posts a form with files to the address of the manifest, as a system does.
const SHARE: &str = "(async () => {
    const { share_target: { action, enctype, params } } = await (await fetch('/manifest.webmanifest?share')).json();
    const form = Object.assign(document.createElement('form'), { action, method: 'post', enctype });
    const field = (name, value) => {
        const input = Object.assign(document.createElement('input'), { name, value });
        form.append(input);
    };
    for (const name of ['title', 'text', 'url']) if (a[0][name]) field(params[name], a[0][name]);
    if (a[1].length) {
        const carried = new DataTransfer();
        for (const [name, type, content] of a[1]) carried.items.add(new File([content], name, { type }));
        const input = Object.assign(document.createElement('input'), { type: 'file', multiple: true, name: params.files[0].name });
        input.files = carried.files;
        form.append(input);
    }
    document.body.append(form);
    setTimeout(() => form.submit());
    return true;
})()";
const CHOOSER: &str = "#forward-message[open]";
const ESCAPE: &str = "\u{e00c}";

async fn share(tab: &Tab, texts: Value, files: Value) {
    tab.ask(SHARE, vec![texts, files]).await;
}

impl Person {
    async fn is_asked(&self) {
        self.tab.until_shown(CHOOSER).await;
        let title = "document.querySelector('#forward-message h2').textContent === a[0]";
        let language = self.tab.ask("document.documentElement.lang", vec![]).await;
        let says = word(language.as_str().unwrap(), "word-share-title");
        self.tab.until("the question", title, vec![says.into()]).await;
    }

    async fn shares_with(&self, other: &Person) {
        self.tab.click(&format!("{CHOOSER} [data-to='{}']", other.email)).await;
        self.tab.until("the conversation", "document.querySelector('[data-conversation][data-filled]')", vec![]).await;
    }

    async fn has_in_box(&self, text: &str) {
        let has = "document.querySelector('[data-draft]')?.value === a[0]";
        self.tab.until(&format!("{text:?} in the box"), has, vec![text.into()]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shared_is_in_the_tray_of_who_is_chosen_and_the_server_sees_none_of_it() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.tab.until_pages_are_kept().await;

    share(&alice.tab, json!({ "text": TEXT }), json!([[NAME, "text/plain", BYTES], ["b.txt", "text/plain", "second"]]))
        .await;
    alice.is_asked().await;
    let names = "document.querySelector('.forward-what').textContent.includes(a[0])";
    alice.tab.until("what is shared", names, vec![NAME.into()]).await;
    assert_eq!(alice.tab.path().await, "/home");
    show(&alice.tab, "share-chooser").await;
    alice.shares_with(&bob).await;
    alice.tab.until_shown("#file-tray[open]").await;
    let tray = "[...document.querySelectorAll('#file-tray .file-name')].map(name => name.textContent).join() === a[0]";
    alice.tab.until("both files", tray, vec![format!("{NAME},b.txt").into()]).await;
    let caption = "document.querySelector('#file-tray [data-caption]').value === a[0]";
    alice.tab.until("the text beside the first", caption, vec![TEXT.into()]).await;
    show(&alice.tab, "share-tray").await;
    alice.tab.click("#file-tray [data-tray=send]").await;
    alice.tab.until("the tray to close", "!document.getElementById('file-tray').open", vec![]).await;
    bob.until_hears(TEXT).await;
    let named = "document.querySelector('.message.peer .file-name')?.textContent === a[0]";
    bob.tab.until("the file", named, vec![NAME.into()]).await;

    for exchange in stage.proxy.exchanges() {
        assert!(exchange.target != "/share", "it was sent to the server");
        for secret in [TEXT, NAME, BYTES] {
            let what = || format!("{} {}", exchange.method, exchange.target);
            assert!(!shows(exchange.request_head.as_bytes(), secret.as_bytes()), "in the head of {}", what());
            assert!(!shows(&exchange.request_body, secret.as_bytes()), "in the body of {}", what());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_goes_below_the_draft_once_and_who_cancels_has_shared_nothing() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.tab.until_pages_are_kept().await;
    alice.tab.write("[data-draft]", "Look at this:").await;
    let url = "https://example.org/news";
    share(&alice.tab, json!({ "title": "News", "text": "News", "url": url }), json!([])).await;
    alice.is_asked().await;
    alice.shares_with(&bob).await;
    alice.has_in_box(&format!("Look at this:\nNews\n{url}")).await;

    // A reload does not ask again, and what was taken is not there a second time.
    alice.tab.reload().await;
    alice.until_home().await;
    alice.tab.goto(&alice.url("/home#shared")).await;
    alice.tab.reload().await;
    alice.until_told(word("en", "word-share-gone")).await;

    // By keyboard, and cancelled.
    for cancel in ["key", "button"] {
        share(&alice.tab, json!({}), json!([[NAME, "text/plain", BYTES]])).await;
        alice.is_asked().await;
        match cancel {
            "key" => alice.tab.write(&format!("{CHOOSER} [data-to]"), ESCAPE).await,
            _ => alice.tab.click(&format!("{CHOOSER} [data-close]")).await,
        }
        alice.tab.until("no question", "!document.querySelector('#forward-message').open", vec![]).await;
        alice.open(&bob).await;
        alice.tab.until_shown(".conversation[data-filled]").await;
        assert_eq!(alice.tab.ask("document.querySelectorAll('#file-tray li').length", vec![]).await, 0);
    }

    // Nothing that can be sent; too many files.
    share(&alice.tab, json!({ "text": "  " }), json!([])).await;
    alice.until_told(word("en", "word-share-empty")).await;
    let many: Vec<Value> = (0..31).map(|number| json!([format!("{number}.txt"), "text/plain", "x"])).collect();
    share(&alice.tab, json!({}), json!(many)).await;
    alice.is_asked().await;
    alice.shares_with(&bob).await;
    let complains = "document.querySelector('#file-tray .form-error').textContent !== '' && \
        document.querySelectorAll('#file-tray .tray > li').length === 30";
    alice.tab.until("a word about too many", complains, vec![]).await;

    alice.read_pages_in("fr").await;
    share(&alice.tab, json!({ "text": TEXT }), json!([])).await;
    alice.is_asked().await;
    show(&alice.tab, "share-chooser-french").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_worker_the_server_answers_in_words_and_keeps_and_logs_nothing() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.tab.until_pages_are_kept().await;
    let gone = "navigator.serviceWorker.getRegistrations()\
        .then(all => Promise.all(all.map(one => one.unregister()))).then(all => all.length)";
    assert_eq!(alice.tab.ask(gone, vec![]).await, 1);
    // A page that no worker looks after, and the plain manifest.
    alice.tab.goto(&alice.url("/transparency")).await;
    let offers = "fetch('/manifest.webmanifest').then(it => it.json()).then(it => 'share_target' in it)";
    assert_eq!(alice.tab.ask(offers, vec![]).await, false);
    share(&alice.tab, json!({ "text": TEXT }), json!([[NAME, "text/plain", BYTES]])).await;
    let says = "document.querySelector('h1')?.textContent === a[0]";
    alice.tab.until("plain words", says, vec![word("en", "share-lost-title").into()]).await;
    show(&alice.tab, "share-lost").await;
    let sent = stage.proxy.exchanges();
    let sent = sent.iter().find(|exchange| exchange.target == "/share").expect("it was sent");
    assert!(shows(&sent.request_body, TEXT.as_bytes()), "the test shows something");
    for (path, bytes) in files_under(&stage.server.data_dir()) {
        for secret in [TEXT, NAME, BYTES] {
            assert!(!shows(&bytes, secret.as_bytes()), "in {}", path.display());
        }
    }
    for secret in [TEXT, NAME, BYTES] {
        assert!(!shows(stage.server.log().as_bytes(), secret.as_bytes()), "in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_before_it_is_taken_has_shared_nothing() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.tab.until_pages_are_kept().await;
    let hold = "(async () => {
        const body = new FormData();
        body.append('text', a[0]);
        return (await fetch('/share', { method: 'POST', body, redirect: 'manual' })).type;
    })()";
    // Held until a page takes it.
    assert_eq!(alice.tab.ask(hold, vec![TEXT.into()]).await, "opaqueredirect");
    alice.tab.goto(&alice.url("/transparency")).await;
    alice.tab.goto(&alice.url("/home#shared")).await;
    alice.is_asked().await;
    alice.tab.click(&format!("{CHOOSER} [data-close]")).await;

    assert_eq!(alice.tab.ask(hold, vec![TEXT.into()]).await, "opaqueredirect");
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click("form[data-sign-out] button").await;
    alice.tab.until("the sign-in page", "location.pathname === '/sign-in'", vec![]).await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.tab.goto(&alice.url("/transparency")).await;
    alice.tab.goto(&alice.url("/home#shared")).await;
    alice.until_told(word("en", "word-share-gone")).await;
    assert!(stage.proxy.exchanges().iter().all(|exchange| exchange.target != "/share"), "it was sent to the server");
}
