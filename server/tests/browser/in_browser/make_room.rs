//! Every device lost, and no room for another: the password alone is a way in.

use crate::person::Person;
use crate::proxy::Exchange;
use crate::stage::Stage;
use serde_json::Value;

/// An account is signed in to more often here than within an hour.
const SETTINGS: [(&str, &str); 1] =
    [("ROCKET_THROTTLES", "{guess_per_address_and_network_hour=100,guess_per_address_and_vicinity_hour=100}")];
/// As many as there may be.
const DEVICES: usize = 8;

const ERROR: &str =
    "(e => e && e.getClientRects().length > 0 && e.textContent.trim())(document.querySelector('.form-error'))";
const LISTED: &str = "[...document.querySelectorAll('#make-room li')].map(li => li.querySelector('input').value)";

impl Person {
    /// One more browser, whose data is gone the next moment.
    async fn lose_a_device(&self) {
        self.forget_everything().await;
        self.try_sign_in(&self.password).await;
        self.until_home().await;
    }

    /// From the sign-in page, by the links.
    async fn go_and_make_room(&self) {
        self.tab.goto(&self.url("/sign-in")).await;
        self.tab.click("a[href='/recover']").await;
        self.tab.until_shown("form#recover [type=submit]:enabled").await;
        self.tab.click("a[href='/make-room']").await;
        self.tab.until_shown("form#make-room button[data-before]:enabled").await;
    }

    async fn show_devices(&self, password: &str) {
        self.tab.write("form#make-room [data-email]", &self.email).await;
        self.tab.write("form#make-room [data-password]", password).await;
        self.tab.click("form#make-room button[data-before]").await;
    }

    /// The devices on the page, by their ids.
    async fn until_listed(&self, count: usize) -> Vec<String> {
        self.tab.until("the devices", &format!("{LISTED}.length === {count}"), vec![]).await;
        serde_json::from_value(self.tab.ask(LISTED, vec![]).await).unwrap()
    }

    async fn remove(&self, devices: &[&str]) {
        for device in devices {
            self.tab.click(&format!("label[for='device-{device}']")).await;
        }
        self.tab.click("form#make-room button[data-listed]").await;
    }

    /// What the form says, once it says something.
    async fn told(&self) -> String {
        self.tab.until("the form to say what is wrong", ERROR, vec![]).await;
        self.tab.ask(ERROR, vec![]).await.as_str().unwrap().to_owned()
    }

    async fn cookies(&self) -> usize {
        self.tab.cookies().await.iter().filter(|name| name.ends_with("cliquet")).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_every_device_of_a_full_account_removes_one_with_the_password_and_is_in() {
    let (stage, alice, bob) = Stage::two_who_talk_with(&SETTINGS, None).await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    alice.until_kept(&stage.proxy).await;
    for _ in 1..DEVICES {
        alice.lose_a_device().await;
    }
    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    let told = alice.told().await;
    assert!(told.contains("as many devices as it can have") && told.contains("or lost your devices?"), "{told}");

    alice.go_and_make_room().await;
    alice.show_devices("not the password at all").await;
    let told = alice.told().await;
    assert!(told.contains("do not match"), "{told}");
    alice.tab.write("form#make-room [data-password]", &format!("{}\n", alice.password)).await;
    let devices = alice.until_listed(DEVICES).await;
    let shown = "document.activeElement.tagName === 'H2' && !document.querySelector('#password').value \
        && document.querySelector('[data-own-address]').textContent === a[0] \
        && document.querySelector('[data-room]').hidden \
        && [...document.querySelectorAll('#make-room li')].every(li => /Chrome|Firefox|Browser/.test(li.textContent) \
            && /Added on \\d+ [A-Z][a-z]+ 20\\d\\d/.test(li.textContent) \
            && /Last seen on \\d+ [A-Z][a-z]+ 20\\d\\d/.test(li.textContent))";
    assert_eq!(alice.tab.ask(shown, vec![alice.email.as_str().into()]).await, true);
    assert_eq!(alice.cookies().await, 0, "somebody is signed in while a person reads");

    alice.remove(&[]).await;
    assert!(alice.told().await.contains("at least one"));
    // A server that is away changes nothing.
    stage.proxy.go_offline();
    alice.remove(&[&devices[1]]).await;
    assert!(alice.told().await.contains("cannot be reached"));
    stage.proxy.go_online();
    assert_eq!(alice.until_listed(DEVICES).await, devices);
    alice.remove(&[]).await;
    alice.until_home().await;
    assert_eq!(alice.cookies().await, 1);

    // Contact and history are back, and a message each way works.
    alice.tab.until_shown(&format!("#contacts li[data-contact='{}'][data-state=added]", bob.email)).await;
    alice.open(&bob).await;
    alice.until_reads_among(&["before"]).await;
    alice.send("back again").await;
    bob.until_hears("back again").await;
    bob.send("welcome back").await;
    alice.until_reads_among(&["before", "back again", "welcome back"]).await;

    // It was that one, and none is left between.
    let now = "fetch('/devices', { headers: { Accept: 'application/json' } }).then(answer => answer.json())";
    let now = alice.tab.ask(now, vec![]).await;
    let ids: Vec<&str> =
        now["devices"].as_array().unwrap().iter().map(|device| device["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), DEVICES);
    assert!(!ids.contains(&devices[1].as_str()) && devices.iter().filter(|it| ids.contains(&it.as_str())).count() == 7);
    let of_no_device = |it: &&Value| it["device"].is_null();
    assert_eq!(now["sign_ins"].as_array().unwrap().iter().filter(of_no_device).count(), 0, "{now}");
}

/// How many devices were on each list that the server took.
fn lists(exchanges: &[Exchange]) -> Vec<usize> {
    let of_devices = |it: &&Exchange| it.method == "POST" && it.target.starts_with("/devices") && it.status < 300;
    let devices = |it: &Exchange| {
        let body: Value = serde_json::from_slice(&it.request_body).unwrap();
        body["device_list"]["devices"].as_array().unwrap().len()
    };
    exchanges.iter().filter(of_devices).map(devices).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute: cargo xtask soak stories"]
async fn a_device_that_this_browser_keeps_may_go_too_and_no_account_is_without_one_for_a_moment() {
    let (stage, alice, bob) = Stage::two_who_talk_with(&SETTINGS, None).await;
    alice.send("before").await;
    alice.until_kept(&stage.proxy).await;
    alice.lose_a_device().await;
    // Only what this browser keeps, only others, and all there are; each time with nothing but the password.
    for (before, chosen, signed) in [(2, vec![1], vec![1, 2]), (2, vec![0, 1], vec![1]), (1, vec![0], vec![2, 1])] {
        alice.tab.forget_cookies().await;
        if before == 1 {
            alice.forget_everything().await;
        }
        alice.go_and_make_room().await;
        alice.show_devices(&alice.password).await;
        let devices = alice.until_listed(before).await;
        assert_eq!(alice.tab.ask("document.querySelector('[data-room]').hidden", vec![]).await, false);
        let known = stage.proxy.exchanges().len();
        let chosen: Vec<&str> = chosen.into_iter().map(|place: usize| devices[place].as_str()).collect();
        alice.remove(&chosen).await;
        alice.until_home().await;
        assert_eq!(lists(&stage.proxy.exchanges()[known..]), signed, "the lists as they were signed");
    }
    alice.tab.until_shown(&format!("#contacts li[data-contact='{}'][data-state=added]", bob.email)).await;
    alice.open(&bob).await;
    alice.send("another device").await;
    bob.until_hears("another device").await;
    bob.send("heard").await;
    alice.until_hears("heard").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_list_finds_the_page_empty_and_with_room_one_just_signs_in() {
    let stage = Stage::set_with(&SETTINGS, None).await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.forget_everything().await;
    alice.go_and_make_room().await;
    alice.show_devices(&alice.password).await;
    alice.until_listed(1).await;
    // As a browser does that keeps the page whole for anyone who goes back to it.
    alice.tab.ask("window.dispatchEvent(new PageTransitionEvent('pagehide'))", vec![]).await;
    alice.tab.until_shown("form#make-room > fieldset:enabled [data-before] #email").await;
    assert_eq!(alice.tab.ask(&format!("{LISTED}.length === 0"), vec![]).await, true);
    assert_eq!(alice.tab.ask("document.querySelector('#password').value", vec![]).await, "");
    alice.tab.write("form#make-room [data-password]", &format!("{}\n", alice.password)).await;
    alice.until_listed(1).await;
    alice.remove(&[]).await;
    alice.until_home().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_altered_is_not_believed_and_nobody_stays_signed_in() {
    let stage = Stage::set_with(&SETTINGS, None).await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    alice.forget_everything().await;
    let database = rusqlite::Connection::open(stage.server.data_dir().join("cliquet.db")).unwrap();
    let of_no_device = || -> u64 {
        database.query_row("SELECT count(*) FROM sign_ins WHERE device_id IS NULL", [], |row| row.get(0)).unwrap()
    };
    alice.go_and_make_room().await;
    alice.tab.write("form#make-room [data-email]", &alice.email).await;
    // Another counter than the one that was signed, then a vault that lacks its last byte.
    let list = "UPDATE accounts SET device_list = replace(device_list, '\"counter\":1', '\"counter\":2')";
    let mended = "UPDATE accounts SET device_list = replace(device_list, '\"counter\":2', '\"counter\":1')";
    let vault = "UPDATE accounts SET vault = substr(vault, 1, length(vault) - 1)";
    for (alter, mend, words) in [(list, mended, "does not fit your keys"), (vault, "", "was altered")] {
        database.execute_batch(alter).unwrap();
        alice.tab.write("form#make-room [data-password]", &format!("{}\n", alice.password)).await;
        let said = format!("document.querySelector('.form-error').textContent.includes('{words}')");
        alice.tab.until(words, &said, vec![]).await;
        assert_eq!((alice.cookies().await, of_no_device()), (0, 0));
        alice.tab.ask("document.querySelector('#password').value = ''", vec![]).await;
        database.execute_batch(mend).unwrap();
    }
}
