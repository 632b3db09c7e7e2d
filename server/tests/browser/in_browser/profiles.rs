//! Names and pictures: who I write to sees what I show of myself, on every device, and the server sees none of it.

use crate::{browser::Tab, person::Person, picture::show, stage::Stage};
use std::path::Path;

const NAME_ABOVE: &str = "document.querySelector('h2 [data-name]')?.textContent === a[0]";
const PICTURE: &str = "(image => image?.complete && image.naturalWidth === 256)\
    (document.querySelector(a[0] + ' .avatar img'))";
const LETTER: &str = "document.querySelector(a[0] + ' .avatar')?.textContent === a[1]";
const ABOUT: &str = "document.querySelector('.conversation [data-about]:not([hidden])')?.textContent === a[0]";
const FORM: &str = "[data-profile] fieldset:not([disabled])";

/// A picture that is there in any case: wide, and of much more than 20 KB.
pub(crate) fn a_picture() -> String {
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures/home-wide.png");
    picture.canonicalize().unwrap().display().to_string()
}

impl Person {
    pub(crate) async fn open_profile(&self) {
        self.tab.goto(&self.url("/home?show=settings")).await;
        self.tab.until_shown(FORM).await;
    }

    pub(crate) async fn choose_picture(&self, path: &str) {
        self.tab.choose_file("[data-picture]", path).await;
    }

    pub(crate) async fn save_profile(&self) {
        self.tab.click("[data-profile] button[type=submit]").await;
        self.tab.until_shown("[data-profile] .form-progress:not(:empty)").await;
    }
}

async fn until_named(tab: &Tab, name: &str) {
    tab.until(&format!("{name} above the conversation"), NAME_ABOVE, vec![name.into()]).await;
}

pub(crate) async fn until_pictured(tab: &Tab, within: &str) {
    tab.until(&format!("a picture in {within}"), PICTURE, vec![within.into()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_a_picture_reach_contacts_who_were_away_and_ones_own_devices() {
    let (stage, alice, mut bob) = Stage::two_who_talk().await;
    let laptop = stage.another_browser_of(&alice).await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    bob.tab.until("a letter in place of a picture", LETTER, vec!["#contacts".into(), "a".into()]).await;
    // Bob is away meanwhile.
    bob.tab.goto(&bob.url("/transparency")).await;

    alice.open_profile().await;
    alice.tab.until("a letter in the form", LETTER, vec!["[data-profile]".into(), "a".into()]).await;
    show(&alice.tab, "profile-empty").await;
    alice.tab.write("#profile-name", "Alice canary-name-5b1").await;
    alice.tab.write("#profile-about", "canary-about-77d, by the sea").await;
    alice.choose_picture(&a_picture()).await;
    until_pictured(&alice.tab, "[data-profile]").await;
    alice.save_profile().await;
    show(&alice.tab, "profile").await;

    laptop.open_profile().await;
    let field = "document.getElementById('profile-name').value === a[0]";
    laptop.tab.until("the name on the other device", field, vec!["Alice canary-name-5b1".into()]).await;
    until_pictured(&laptop.tab, "[data-profile]").await;

    bob.tab.goto(&bob.url("/home")).await;
    bob.open(&alice).await;
    until_named(&bob.tab, "Alice canary-name-5b1").await;
    until_pictured(&bob.tab, ".conversation").await;
    until_pictured(&bob.tab, "#contacts").await;
    bob.tab.until("what she says of herself", ABOUT, vec!["canary-about-77d, by the sea".into()]).await;
    let address = "document.querySelector('.conversation [data-address]:not([hidden])')?.textContent === a[0]";
    bob.tab.until("her address below the name", address, vec![alice.email.as_str().into()]).await;
    show(&bob.tab, "profile-of-a-contact").await;

    // After the site's data was cleared: the name from the vault, the picture from her.
    bob.until_kept(&stage.proxy).await;
    bob.forget_everything().await;
    bob.try_sign_in(&bob.password).await;
    bob.until_home().await;
    bob.open(&alice).await;
    until_named(&bob.tab, "Alice canary-name-5b1").await;
    alice.open(&bob).await;
    alice.send("to the browser that was cleared").await;
    bob.until_reads_among(&["to the browser that was cleared"]).await;
    until_pictured(&bob.tab, ".conversation").await;

    // A name of his own goes before hers; without hers the address is shown again, and the letter.
    laptop.tab.click("[data-remove-picture]").await;
    laptop.tab.write("#profile-name", &"\u{e003}".repeat(40)).await;
    laptop.save_profile().await;
    until_named(&bob.tab, &alice.email).await;
    bob.tab.until("a letter again", LETTER, vec![".conversation".into(), "a".into()]).await;

    let exchanges = stage.proxy.exchanges();
    let body = |exchange: &crate::proxy::Exchange| String::from_utf8_lossy(&exchange.request_body).into_owned();
    assert!(exchanges.iter().all(|exchange| !body(exchange).contains("canary-")), "the server was told");
    bob.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_or_too_long_is_said_and_changes_nothing() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.open_profile().await;
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("letter.png");
    std::fs::write(&text, "this is no picture").unwrap();
    alice.choose_picture(&text.display().to_string()).await;
    let error = "document.querySelector('[data-profile] .form-error').textContent.startsWith(a[0])";
    alice.tab.until("a word about the file", error, vec!["This browser cannot open".into()]).await;
    show(&alice.tab, "profile-no-picture").await;
    // 64 letters of four bytes are more than there is room for.
    alice.tab.write("#profile-name", &"🎉".repeat(32)).await;
    alice.tab.click("[data-profile] button[type=submit]").await;
    alice.tab.until("a word about the length", error, vec!["That is too long".into()]).await;
    alice.tab.reload().await;
    alice.tab.until_shown(FORM).await;
    assert_eq!(alice.tab.ask("document.getElementById('profile-name').value", vec![]).await, "");
    // A picture can be taken back before it is saved.
    alice.choose_picture(&a_picture()).await;
    until_pictured(&alice.tab, "[data-profile]").await;
    alice.tab.click("[data-remove-picture]").await;
    alice.tab.until("a letter again", LETTER, vec!["[data-profile]".into(), "a".into()]).await;
}
