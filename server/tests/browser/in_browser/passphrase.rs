//! A passphrase for one browser: asked for at each start, and what a copy of its files opens without it.

use crate::browser::{Browser, Tab};
use crate::canaries::contains;
use crate::in_browser::put_back::copy as copy_profile;
use crate::person::Person;
use crate::stage::Stage;
use crate::support::folder::files_under;
use std::path::Path;
use std::time::Duration;

pub(crate) const PASSPHRASE: &str = "locked for the night";
const OTHER: &str = "another passphrase";

/// Everything in the account's object store of keys: by name, and of which kind.
const KEYS: &str = "indexedDB.databases().then(all => Promise.all(all
    .filter(({ name }) => name !== 'cliquet-pages')
    .map(({ name }) => new Promise((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onerror = reject;
        opening.onsuccess = () => {
            const keys = opening.result.transaction('keys').objectStore('keys');
            const [names, values] = [keys.getAllKeys(), keys.getAll()];
            values.onsuccess = () => {
                opening.result.close();
                resolve(names.result.map((name, at) => [name, values.result[at].constructor.name]));
            };
        };
    })))).then(all => all.flat())";

async fn keys(tab: &Tab) -> Vec<(String, String)> {
    serde_json::from_value(tab.ask(KEYS, vec![]).await).unwrap()
}

async fn open_safety(person: &Person, form: &str) {
    person.tab.goto(&person.url("/home?show=safety")).await;
    person.until_home().await;
    person.tab.until_shown(&format!("#passphrase-{form} [type=submit]:enabled")).await;
}

/// Sets the passphrase of these tests, on the safety pane.
pub(crate) async fn set(person: &Person) {
    open_safety(person, "set").await;
    person.tab.write("#passphrase-set [data-old-password]", &person.password).await;
    person.tab.write("#passphrase-set [data-password]", PASSPHRASE).await;
    person.tab.write("#passphrase-set [data-password-again]", &format!("{PASSPHRASE}\n")).await;
    person.tab.until_shown("#passphrase-change").await;
    until_says(&person.tab, "#passphrase-change .form-progress", "From the next start").await;
}

async fn until_says(tab: &Tab, selector: &str, words: &str) {
    let says = "document.querySelector(a[0])?.textContent.includes(a[1])";
    tab.until(&format!("{selector} to say {words}"), says, vec![selector.into(), words.into()]).await;
}

/// Nothing of home is there before the passphrase was typed.
pub(crate) async fn until_asked(tab: &Tab) {
    tab.until_shown("#unlock-form [type=submit]:enabled").await;
    let nothing = "getComputedStyle(document.querySelector('.panes')).display === 'none' && \
        !document.querySelector('.message, #contacts li') && document.activeElement.id === 'unlock-passphrase'";
    assert_eq!(tab.ask(nothing, vec![]).await, true, "something of home is shown, or the field has no focus");
}

pub(crate) async fn unlock(tab: &Tab, passphrase: &str) {
    tab.write("#unlock-passphrase", &format!("{passphrase}\n")).await;
}

async fn restart(person: &mut Person, house: &Path, path: &str) {
    person.browser.close().await;
    person.open_browser_again(house).await;
    person.tab.goto(&person.url(path)).await;
    until_asked(&person.tab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_with_a_passphrase_asks_at_each_start_and_goes_on_with_the_right_one() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    set(&alice).await;
    // The page that is open goes on: it writes and hears.
    alice.tab.goto(&alice.url(&format!("/home?with={}", bob.email))).await;
    until_asked(&alice.tab).await;
    unlock(&alice.tab, PASSPHRASE).await;
    alice.until_home().await;
    alice.until_reads(&["before"]).await;

    let path = format!("/home?with={}", bob.email);
    restart(&mut alice, stage.house.path(), &path).await;
    bob.send("while it was locked").await;
    for (typed, words) in [("", "Enter the passphrase"), ("not the passphrase", "not the passphrase")] {
        unlock(&alice.tab, typed).await;
        until_says(&alice.tab, "#unlock-error", words).await;
        assert_eq!(alice.tab.ask("document.querySelector('#unlock-passphrase').value", vec![]).await, "");
    }
    unlock(&alice.tab, PASSPHRASE).await;
    alice.until_home().await;
    assert_eq!(alice.tab.ask("document.querySelector('#unlock-passphrase').value", vec![]).await, "");
    alice.until_reads(&["before", "while it was locked"]).await;
    alice.send("unlocked").await;
    bob.until_reads(&["before", "while it was locked", "unlocked"]).await;
    bob.send("and back").await;
    alice.until_reads(&["before", "while it was locked", "unlocked", "and back"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_is_changed_and_removed_with_itself_alone() {
    let (stage, mut alice, _bob) = Stage::two_who_talk().await;
    let before = keys(&alice.tab).await;
    set(&alice).await;
    let error = "#passphrase-change .form-error";
    for (old, new, again, words) in [
        ("", OTHER, OTHER, "Enter the passphrase"),
        (PASSPHRASE, "1234567", "1234567", "at least 8"),
        (PASSPHRASE, OTHER, "another one", "not the same"),
        ("not the passphrase", OTHER, OTHER, "not the passphrase"),
    ] {
        change(&alice, old, new, again).await;
        until_says(&alice.tab, error, words).await;
    }
    change(&alice, PASSPHRASE, OTHER, OTHER).await;
    until_says(&alice.tab, "#passphrase-change .form-progress", "is changed").await;

    restart(&mut alice, stage.house.path(), "/home?show=safety").await;
    unlock(&alice.tab, PASSPHRASE).await;
    until_says(&alice.tab, "#unlock-error", "not the passphrase").await;
    unlock(&alice.tab, OTHER).await;
    alice.until_home().await;
    alice.tab.until_shown("#passphrase-change [data-remove]:enabled").await;
    alice.tab.write("#passphrase-change [data-old-password]", PASSPHRASE).await;
    alice.tab.click("#passphrase-change [data-remove]").await;
    until_says(&alice.tab, error, "not the passphrase").await;
    clear(&alice.tab, "#passphrase-change").await;
    alice.tab.write("#passphrase-change [data-old-password]", OTHER).await;
    alice.tab.click("#passphrase-change [data-remove]").await;
    until_says(&alice.tab, "#passphrase-set .form-progress", "no passphrase any more").await;
    assert_eq!(keys(&alice.tab).await, before);
    alice.tab.goto(&alice.url("/home")).await;
    alice.until_home().await;
}

async fn change(person: &Person, old: &str, new: &str, again: &str) {
    clear(&person.tab, "#passphrase-change").await;
    person.tab.write("#passphrase-change [data-old-password]", old).await;
    person.tab.write("#passphrase-change [data-password]", new).await;
    person.tab.write("#passphrase-change [data-password-again]", again).await;
    person.tab.click("#passphrase-change .main").await;
}

async fn clear(tab: &Tab, form: &str) {
    tab.until_shown(&format!("{form} fieldset:enabled")).await;
    let all = "[...document.querySelectorAll(a[0] + ' input[type=password]')].map(input => input.value = '').length";
    tab.ask(all, vec![form.into()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_who_forgot_it_removes_what_is_kept_and_everything_comes_back_with_the_password() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    alice.until_kept(&stage.proxy).await;
    set(&alice).await;
    restart(&mut alice, stage.house.path(), "/home").await;
    alice.tab.click("#unlock details > summary").await;
    alice.tab.click("#unlock [data-forget]").await;
    alice.tab.until("the sign-in page", "location.pathname === '/sign-in'", vec![]).await;
    alice.fill_in_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.tab.until_shown(&format!("#contacts li[data-contact='{}']", bob.email)).await;
    alice.open(&bob).await;
    alice.until_reads_back_to_the_beginning(&["before"]).await;
    alice.send("back again").await;
    bob.until_reads_among(&["before", "back again"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_asks_for_it_too_and_goes_on_as_the_same_device() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    set(&alice).await;
    let device = stage.proxy.exchanges().len();
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click("form[data-sign-out] button").await;
    alice.tab.until("the sign-in page", "location.pathname === '/sign-in'", vec![]).await;
    assert_eq!(alice.tab.ask("document.querySelector('[data-locked]').hidden", vec![]).await, true);
    alice.fill_in_sign_in(&alice.password).await;
    alice.tab.until_shown("[data-locked]").await;
    until_says(&alice.tab, "#form-error", "asks for its passphrase").await;
    alice.tab.write("[data-locked] [data-passphrase]", "not the passphrase\n").await;
    until_says(&alice.tab, "#form-error", "not the passphrase").await;
    alice.tab.ask("document.querySelector('[data-passphrase]').value = ''", vec![]).await;
    alice.tab.write("[data-locked] [data-passphrase]", &format!("{PASSPHRASE}\n")).await;
    alice.tab.until("home", "location.pathname === '/home'", vec![]).await;
    until_asked(&alice.tab).await;
    unlock(&alice.tab, PASSPHRASE).await;
    alice.until_home().await;
    alice.open(&bob).await;
    alice.send("the same device").await;
    bob.until_reads(&["the same device"]).await;
    let registered = stage.proxy.exchanges()[device..].iter().filter(|it| it.target == "/devices").count();
    assert_eq!(registered, 0, "it became another device");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_two_tabs_asks_and_the_second_takes_over_when_the_first_closes() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    set(&alice).await;
    let path = format!("/home?with={}", bob.email);
    restart(&mut alice, stage.house.path(), &path).await;
    let second = alice.browser.new_tab().await;
    second.goto(&alice.url(&path)).await;
    until_asked(&second).await;
    unlock(&second, PASSPHRASE).await;
    alice.until_ready(&second).await;
    // The first one still shows nothing, and hands nothing over.
    until_locked(&alice.tab).await;
    bob.send("to the second").await;
    alice.until_reads_in(&second, &["to the second"]).await;
    until_locked(&alice.tab).await;

    unlock(&alice.tab, PASSPHRASE).await;
    alice.until_ready(&alice.tab).await;
    second.close().await;
    bob.send("to the one that is left").await;
    alice.until_reads(&["to the second", "to the one that is left"]).await;
}

async fn until_locked(tab: &Tab) {
    tab.until_shown("#unlock-form").await;
    assert_eq!(tab.ask("document.querySelectorAll('.message, #contacts li').length", vec![]).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn home_asks_for_it_and_opens_without_a_network_too() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    set(&alice).await;
    alice.tab.until_pages_are_kept().await;
    stage.proxy.go_offline();
    alice.tab.goto(&alice.url(&format!("/home?with={}", bob.email))).await;
    until_asked(&alice.tab).await;
    unlock(&alice.tab, "not the passphrase").await;
    until_says(&alice.tab, "#unlock-error", "not the passphrase").await;
    unlock(&alice.tab, PASSPHRASE).await;
    alice.until_reads(&["before"]).await;
    alice.send("offline").await;
    alice.until_reads(&["before", "offline"]).await;
    stage.proxy.go_online();
    bob.until_reads(&["before", "offline"]).await;
}

/// Each change is one transaction: a browser that is killed around it has the old state or the new one.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: cargo xtask soak stories"]
async fn a_browser_that_is_killed_while_a_passphrase_is_set_or_removed_has_it_or_does_not() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    let house = stage.house.path();
    // Once properly: Chromium writes a new cookie down only every half minute.
    alice.browser.close().await;
    alice.open_browser_again(house).await;
    let mut is_set = false;
    // So long after the last step began, or right after it was done.
    let moments = [Some(0), Some(400), None, Some(0), Some(400), None];
    for moment in moments {
        alice.tab.goto(&alice.url("/home?show=safety")).await;
        if is_set {
            until_asked(&alice.tab).await;
            unlock(&alice.tab, PASSPHRASE).await;
        }
        alice.until_home().await;
        let form = if is_set { "#passphrase-change" } else { "#passphrase-set" };
        alice.tab.until_shown(&format!("{form} .main:enabled")).await;
        if is_set {
            alice.tab.write("#passphrase-change [data-old-password]", PASSPHRASE).await;
            alice.tab.click("#passphrase-change [data-remove]").await;
        } else {
            alice.tab.write("#passphrase-set [data-old-password]", &alice.password).await;
            alice.tab.write("#passphrase-set [data-password]", PASSPHRASE).await;
            alice.tab.write("#passphrase-set [data-password-again]", &format!("{PASSPHRASE}\n")).await;
        }
        let (doing, other) = if is_set { ("Checking", "#passphrase-set") } else { ("Locking", "#passphrase-change") };
        match moment {
            Some(ms) => {
                // It may be done before anyone looks.
                let begun = "document.querySelector(a[0] + ' .form-progress').textContent.includes(a[1]) || \
                    !document.querySelector(a[2]).hidden";
                let arguments = vec![form.into(), doing.into(), other.into()];
                alice.tab.until("the last step to begin", begun, arguments).await;
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
            None => alice.tab.until_shown(other).await,
        }
        let before = is_set;
        alice.browser.kill();
        alice.open_browser_again(house).await;
        alice.tab.goto(&alice.url("/home")).await;
        let either = "document.querySelector('#unlock-form [type=submit]:enabled') || \
            document.querySelector('#status[data-state=online]')";
        alice.tab.until("home, or the page that asks", either, vec![]).await;
        let kept: Vec<String> = keys(&alice.tab).await.into_iter().map(|(name, _)| name).collect();
        is_set = kept == ["locked"];
        println!("killed {moment:?} ms after it began: {}", if is_set { "asks" } else { "does not ask" });
        assert!(moment.is_some() || is_set != before, "what was done was lost");
        assert!(is_set || kept == ["account", "store", "wrapping"], "neither state: {kept:?}");
        let asks = "document.querySelector('#unlock').getClientRects().length > 0";
        assert_eq!(alice.tab.ask(asks, vec![]).await, is_set);
    }
    if is_set {
        unlock(&alice.tab, PASSPHRASE).await;
    }
    alice.until_home().await;
    alice.tab.goto(&alice.url(&format!("/home?with={}", bob.email))).await;
    if is_set {
        until_asked(&alice.tab).await;
        unlock(&alice.tab, PASSPHRASE).await;
    }
    alice.until_reads(&["before"]).await;
}

/// Plays somebody who copies the whole profile of a browser, with the cookies in it, and knows no passphrase.
///
/// Requirement: A1
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_profile_opens_nothing_without_the_passphrase() {
    let (stage, mut alice, bob) = Stage::two_who_talk().await;
    let canary = "a canary 7c41d9";
    alice.send(canary).await;
    bob.until_reads(&[canary]).await;
    alice.tab.write("[data-draft]", "a draft 58ab20").await;
    let drafted = "document.querySelector('[data-draft]').value.includes('58ab20')";
    alice.tab.until("the draft", drafted, vec![]).await;
    assert!(keys(&alice.tab).await.iter().any(|(_, kind)| kind == "CryptoKey"), "the test looks in the wrong place");
    set(&alice).await;
    assert_eq!(keys(&alice.tab).await, [("locked".to_owned(), "Uint8Array".to_owned())]);
    alice.browser.close().await;

    let (house, copy) = (stage.house.path(), tempfile::tempdir().unwrap());
    copy_profile(&house.join("alice"), &copy.path().join("alice"));
    for (path, bytes) in files_under(&copy.path().join("alice")) {
        for secret in [canary, "58ab20", PASSPHRASE] {
            assert!(!contains(&bytes, secret.as_bytes()), "{secret} is in {}", path.display());
        }
    }
    let thief = Browser::start(copy.path(), "alice", &stage.proxy.url("")).await;
    let tab = thief.first_tab().await;
    tab.goto(&alice.url("/home")).await;
    until_asked(&tab).await;
    assert_eq!(keys(&tab).await, [("locked".to_owned(), "Uint8Array".to_owned())]);
    // No key that the copy has opens what is kept: neither a record, nor what was locked.
    let tried = tab.ask("(window.tried = null, true)", vec![]).await;
    assert_eq!(tried, true);
    tab.until("everything to be tried", TRY, vec![]).await;
    let tried = tab.ask("window.tried", vec![]).await;
    let count = |name: &str| tried[name].as_u64().unwrap();
    assert!(count("records") > 10 && count("keys") == 0 && count("opened") == 0, "{tried}");
    unlock(&tab, "a guess of the thief").await;
    until_says(&tab, "#unlock-error", "not the passphrase").await;
    assert_eq!(tab.ask("document.body.innerText.includes(a[0])", vec![canary.into()]).await, false);
    unlock(&tab, PASSPHRASE).await;
    let shown = "document.querySelector('#status')?.dataset.state === 'online'";
    tab.until("the copy to open with the passphrase; without that the test shows nothing", shown, vec![]).await;
}

/// Every key of WebCrypto in every database but the one of the kept pages, on every sealed value.
const TRY: &str = "(async () => {
    const tried = { records: 0, keys: 0, opened: 0 };
    const done = request => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const values = [], keys = [];
    for (const { name } of await indexedDB.databases()) {
        if (name === 'cliquet-pages') continue;
        const database = await done(indexedDB.open(name));
        for (const store of database.objectStoreNames) {
            for (const value of await done(database.transaction(store).objectStore(store).getAll())) {
                if (value instanceof CryptoKey) keys.push(value); else values.push(value);
            }
        }
        database.close();
    }
    tried.records = values.length;
    tried.keys = keys.length;
    for (const key of keys) for (const value of values) {
        const iv = value.slice(0, 12), rest = value.slice(12);
        try { await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, rest); tried.opened += 1; } catch {}
    }
    window.tried = tried;
    return true;
})()";
