//! Messages that disappear, as two people see them.

use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;

/// The page binds the clock when it loads.
const CLOCK: &str = "const real = Date.now; let ahead = 0; Date.now = () => real() + ahead;
    window.itIsLater = by => { ahead += by; return dispatchEvent(new Event('online')); };";
pub(crate) const MINUTE_MS: u64 = 60_000;
const NOTICE: &str = "[...document.querySelectorAll('.notice .body')].at(-1)?.textContent === a[0]";
const LAST_LINE: &str = "[...document.querySelectorAll('.message .body')].at(-1)?.textContent === a[0]";
const MARK: &str = "document.querySelector('[data-timer-mark]:not([hidden])')?.title === a[0]";
const LEFT: &str =
    "[...document.querySelectorAll('.life')].filter(e => e.checkVisibility()).map(e => e.title).join() === a[0]";
const GONE: &str = "![...document.querySelectorAll('.message:not(.notice) .body, .contact-last')].some(e => e.textContent.includes(a[0]))";

impl Person {
    pub(crate) async fn with_a_clock(&self) {
        self.tab.before_each_page(CLOCK).await;
        self.tab.reload().await;
        self.until_ready(&self.tab).await;
    }

    pub(crate) async fn later(&self, ms: u64) {
        assert_eq!(self.tab.ask("window.itIsLater(a[0])", vec![ms.into()]).await, true);
    }

    async fn open_timer(&self) {
        self.tab.click(".conversation .menu > summary").await;
        // It stays open when the menu closes.
        if self.tab.ask("document.querySelector('details:has(> [data-own-timer])').open", vec![]).await != true {
            self.tab.click("details:has(> [data-own-timer]) > summary").await;
        }
    }

    pub(crate) async fn until_timer(&self, notice: &str, mark: &str) {
        self.tab.until(notice, NOTICE, vec![notice.into()]).await;
        self.tab.until(mark, MARK, vec![mark.into()]).await;
    }

    pub(crate) async fn until_left(&self, left: &str) {
        self.tab.until(left, LEFT, vec![left.into()]).await;
    }

    pub(crate) async fn until_gone(&self, text: &str) {
        self.tab.until(&format!("{text} is gone"), GONE, vec![text.into()]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_people_agree_to_let_disappear_is_gone_for_both() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.with_a_clock().await;
    bob.with_a_clock().await;
    alice.send("this stays").await;
    bob.until_reads(&["this stays"]).await;

    alice.open_timer().await;
    alice.tab.click("[data-timer='300']").await;
    let mark = "New messages disappear after 5 minutes";
    alice.until_timer("You set messages to disappear after 5 minutes.", mark).await;
    let set = format!("{} set messages to disappear after 5 minutes.", alice.email);
    bob.until_timer(&set, mark).await;

    alice.send("gone soon").await;
    bob.until_reads(&["this stays", &set, "gone soon"]).await;
    alice.until_marked(&["read", "read"]).await;
    for person in [&alice, &bob] {
        person.until_left("Disappears in 5 minutes").await;
    }
    alice.later(2 * MINUTE_MS).await;
    // It is written once a minute.
    alice.until_left("Disappears in 2 minutes").await;
    show(&alice.tab, "disappearing").await;
    alice.open_timer().await;
    show(&alice.tab, "disappearing-menu").await;
    alice.tab.click(".conversation .menu > summary").await;
    for person in [&alice, &bob] {
        person.later(5 * MINUTE_MS).await;
        person.until_gone("gone soon").await;
    }
    bob.until_reads(&["this stays", &set]).await;

    // Bob is away until its time is over.
    bob.tab.goto("about:blank").await;
    alice.send("nobody saw it").await;
    alice.until_marked(&["read", "sent"]).await;
    alice.later(6 * MINUTE_MS).await;
    let expired = "This message disappeared before it was delivered. It may still arrive.";
    alice.tab.until(expired, LAST_LINE, vec![expired.into()]).await;
    alice.until_gone("nobody saw it").await;
    show(&alice.tab, "disappearing-undelivered").await;
    alice.tab.ask("document.cookie = 'language=fr; path=/'", vec![]).await;
    alice.tab.reload().await;
    alice.until_ready(&alice.tab).await;
    alice.open_timer().await;
    show(&alice.tab, "disappearing-menu-french").await;
    // It arrives after all: the line goes, and Bob has the whole time.
    bob.tab.goto(&bob.url(&format!("/home?with={}", alice.email))).await;
    bob.until_reads(&["this stays", &set, "nobody saw it"]).await;
    alice
        .tab
        .until(
            "the line is gone",
            &format!("!({LAST_LINE})"),
            vec!["Ce message a disparu avant d’être remis. Il peut encore arriver.".into()],
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_of_ones_own_has_limits_and_is_set_by_the_keyboard() {
    const ERROR: &str = "document.querySelector('#own-timer-error').textContent === a[0]";
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.open_timer().await;
    for wrong in ["4", "0", "525601", "-5"] {
        alice.tab.ask("document.querySelector('#own-timer').value = ''", vec![]).await;
        alice.tab.write("#own-timer", &format!("{wrong}\n")).await;
        alice.tab.until(wrong, ERROR, vec!["Choose a time from 5 minutes to 365 days.".into()]).await;
    }
    alice.tab.ask("document.querySelector('#own-timer').value = ''", vec![]).await;
    alice.tab.write("#own-timer", "90\n").await;
    let mark = "New messages disappear after 90 minutes";
    alice.until_timer("You set messages to disappear after 90 minutes.", mark).await;
    bob.until_timer(&format!("{} set messages to disappear after 90 minutes.", alice.email), mark).await;
    bob.open_timer().await;
    const PRESSED: &str = "[...document.querySelectorAll('[data-timer][aria-pressed=true]')].length === 0";
    bob.tab.until("none of the choices", PRESSED, vec![]).await;
    const BY_KEYBOARD: &str = "(() => { const off = document.querySelector('[data-timer=off]'); off.focus();
        return document.activeElement === off; })()";
    assert_eq!(bob.tab.ask(BY_KEYBOARD, vec![]).await, true);
    bob.tab.write("[data-timer=off]", "\n").await;
    for (person, notice) in [
        (&bob, "You turned disappearing messages off.".to_owned()),
        (&alice, format!("{} turned disappearing messages off.", bob.email)),
    ] {
        person.tab.until("off", NOTICE, vec![notice.into()]).await;
        person.tab.until("no mark", "!!document.querySelector('[data-timer-mark][hidden]')", vec![]).await;
    }
}
