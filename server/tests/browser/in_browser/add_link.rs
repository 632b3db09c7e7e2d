//! The link by which others add somebody: it verifies the key, and the server never sees it.

use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;

const DIALOG: &str = "#add-by-link[open]";

impl Person {
    /// The link on this person's own pane, without the origin.
    async fn own_link(&self) -> String {
        self.tab.goto(&self.url("/home?show=add-me")).await;
        self.until_home().await;
        self.tab
            .until("the code", "document.querySelector('[data-qr] path')?.getAttribute('d').length > 500", vec![])
            .await;
        // The icons of the page are drawn by strokes; a code with strokes is none.
        let looks = "(style => [style.fill, style.stroke])(getComputedStyle(document.querySelector('[data-qr] path')))";
        assert_eq!(self.tab.ask(looks, vec![]).await, serde_json::json!(["rgb(0, 0, 0)", "none"]));
        let link = self.tab.ask("document.querySelector('[data-add-link]').value", vec![]).await;
        link.as_str().unwrap().strip_prefix(&self.url("")).unwrap().to_owned()
    }

    /// Opens a link, and waits until it says this instead of asking.
    async fn is_told_of_link(&self, link: &str, word: &str) {
        self.tab.goto("about:blank").await;
        self.tab.goto(&self.url(link)).await;
        self.until_home().await;
        let says = "document.querySelector('#add-by-link[open] .form-error')?.textContent === a[0]";
        self.tab.until(word, says, vec![crate::word::word("en", &format!("word-{word}")).into()]).await;
        assert_eq!(self.tab.ask("document.querySelector('#add-by-link [data-add]').hidden", vec![]).await, true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_adds_and_verifies_whom_it_names_after_signing_in_too() {
    let stage = Stage::set().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    alice.sign_up().await;
    bob.sign_up().await;
    alice.tab.until_shown(".no-contacts a[href='/home?show=add-me']").await;
    let link = alice.own_link().await;
    for name in ["add-me", "add-me-french"] {
        if name == "add-me-french" {
            alice.read_pages_in("fr").await;
            alice.tab.until_shown("[data-qr] path").await;
        }
        show(&alice.tab, name).await;
    }
    alice.read_pages_in("en").await;

    bob.tab.click("details.menu:has([data-sign-out]) > summary").await;
    bob.tab.click("[data-sign-out] button").await;
    bob.tab.until("to be signed out", "location.pathname === '/sign-in'", vec![]).await;
    bob.tab.goto(&bob.url(&link)).await;
    bob.tab.until("the sign-in page", "location.pathname === '/sign-in'", vec![]).await;
    bob.fill_in_sign_in(&bob.password).await;
    bob.until_home().await;
    bob.tab.until_shown(DIALOG).await;
    assert_eq!(bob.tab.ask("location.hash", vec![]).await, "", "a reload would ask again");
    show(&bob.tab, "add-by-link").await;
    bob.tab.click("#add-by-link [data-add]").await;
    bob.tab.until_shown(&format!("section[data-conversation='{}'][data-state~=verified]", alice.email)).await;
    bob.send("by your link").await;

    alice.tab.goto(&alice.url("/home")).await;
    alice.until_home().await;
    alice.accept(&bob).await;
    alice.until_reads(&["by your link"]).await;
    // Somebody whose contact it is already opens it again: nothing is asked twice, and nothing breaks.
    bob.tab.goto(&bob.url(&link)).await;
    bob.until_home().await;
    bob.tab.click("#add-by-link [data-add]").await;
    bob.tab.until_shown(&format!("section[data-conversation='{}'][data-state~=verified]", alice.email)).await;

    // The certificates of an account name its key as well, so the hash alone says nothing.
    let (_, fragment) = link.split_once('#').unwrap();
    for exchange in stage.proxy.exchanges() {
        let request = format!(
            "{} {} {}",
            exchange.target,
            exchange.request_head,
            String::from_utf8_lossy(&exchange.request_body)
        );
        assert!(!request.contains(fragment), "the server was sent the link: {} {}", exchange.method, exchange.target);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_with_another_key_adds_nobody_and_one_that_is_cut_or_ones_own_says_so() {
    let stage = Stage::set().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    alice.sign_up().await;
    bob.sign_up().await;
    let link = alice.own_link().await;
    alice.is_told_of_link(&link, "add-link-own").await;
    bob.is_told_of_link(&link[..link.len() - "example.org".len()], "add-link-broken").await;

    // The address of one, the key of another: so a server looks that passes off a key of its own.
    let (before, _) = link.rsplit_once('/').unwrap();
    let carol = stage.person("carol").await;
    carol.sign_up().await;
    bob.tab.goto("about:blank").await;
    bob.tab.goto(&bob.url(&format!("{before}/{}", carol.email))).await;
    bob.until_home().await;
    bob.tab.click("#add-by-link [data-add]").await;
    let says = "document.querySelector('#add-by-link[open] .form-error')?.textContent === a[0]";
    let other_key = crate::word::word("en", "word-add-link-other-key");
    bob.tab.until("to be told of the other key", says, vec![other_key.into()]).await;
    show(&bob.tab, "add-by-link-other-key").await;
    bob.tab.click("#add-by-link [data-close]").await;
    bob.tab.reload().await;
    bob.until_home().await;
    assert_eq!(bob.tab.ask("document.querySelectorAll('#contacts li').length", vec![]).await, 0, "somebody was added");
}
