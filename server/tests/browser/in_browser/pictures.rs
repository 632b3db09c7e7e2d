//! The pages as people see them: wide, phone, dark, French. The pictures go to `target/pictures`, and from there into the
//! README by `cargo xtask screenshots`.

use super::passphrase;
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_wide_phone_and_narrow_screens_in_both_themes_and_languages() {
    let stage = Stage::set().await;
    let stranger = stage.person("stranger").await;
    stranger.tab.goto(&stranger.url("/sign-in")).await;
    stranger.tab.until_shown("form#sign-in [type=submit]:enabled").await;
    show(&stranger.tab, "sign-in").await;
    stranger.tab.goto(&stranger.url("/transparency")).await;
    show(&stranger.tab, "transparency").await;
    stranger.tab.goto(&stranger.url("/recover")).await;
    stranger.tab.until_shown("form#recover [type=submit]:enabled").await;
    show(&stranger.tab, "recover").await;

    let (alice, bob) = stage.two_who_meet().await;
    let password = (bob.email.as_str(), bob.password.as_str());
    show_devices_to_remove(&stranger, password, "make-room").await;
    stranger.tab.ask("document.cookie = 'language=fr; path=/'", vec![]).await;
    show_devices_to_remove(&stranger, password, "make-room-french").await;
    alice.tab.until_shown(".no-messages [data-storage]").await;
    show(&alice.tab, "first-message").await;
    let little = "(StorageManager.prototype.estimate = async () => ({ usage: 0, quota: 30 * 2 ** 20 })) && \
        document.dispatchEvent(new Event('htmx:after:swap'))";
    alice.tab.ask(little, vec![]).await;
    alice.tab.until_shown("[data-room]").await;
    show(&alice.tab, "little-room").await;
    alice.tab.reload().await;
    alice.until_home().await;
    alice.send("Are we still on for six?").await;
    alice.send("I can bring the bread.").await;
    bob.until_reads(&["Are we still on for six?", "I can bring the bread."]).await;
    bob.send("Yes! I shall fetch the cheese you like at the market, and we meet in front of the station.").await;
    alice.until_marked(&["delivered", "delivered"]).await;
    alice.tab.until("the answer", "document.querySelectorAll('.messages > .message').length === 3", vec![]).await;
    show(&alice.tab, "home").await;
    alice.tab.click("[data-safety-number]").await;
    alice.tab.until_shown(".safety-number").await;
    show(&alice.tab, "safety-number").await;
    alice.tab.goto(&alice.url("/home?show=devices")).await;
    alice.until_ready(&alice.tab).await;
    alice.tab.until("the devices", "document.querySelector('#conversation h2')", vec![]).await;
    show(&alice.tab, "devices").await;
    alice.tab.goto(&alice.url("/home?show=safety")).await;
    alice.tab.until_shown("#recovery-key [type=submit]:enabled").await;
    alice.tab.until_shown("[data-history-check]:enabled").await;
    show(&alice.tab, "safety").await;
    alice.tab.goto(&alice.url("/home?show=search")).await;
    alice.tab.until_shown("[data-search-words]:enabled").await;
    show(&alice.tab, "search-empty").await;
    alice.tab.write("[data-search-words]", "THE").await;
    alice.tab.until("what was found", "document.querySelectorAll('[data-hit]').length === 2", vec![]).await;
    show(&alice.tab, "search").await;

    bob.tab.ask("document.cookie = 'language=fr; path=/'", vec![]).await;
    bob.tab.reload().await;
    bob.until_home().await;
    bob.tab.until("the messages", "document.querySelectorAll('.messages > .message').length === 3", vec![]).await;
    show(&bob.tab, "home-french").await;
    bob.tab.click(".conversation .menu > summary").await;
    bob.tab.click("[role=switch][data-command=forget-history]").await;
    bob.tab.until_shown(".tag.if-unkept").await;
    show(&bob.tab, "not-kept-french").await;
    bob.tab.goto(&bob.url("/home?show=search")).await;
    bob.tab.until_shown("[data-search-words]:enabled").await;
    bob.tab.write("[data-search-words]", "fromage").await;
    bob.tab.until_shown("[data-search-state]:not(:empty)").await;
    show(&bob.tab, "search-french").await;
    bob.tab.goto(&bob.url("/home?show=safety")).await;
    bob.tab.until_shown("#recovery-key [type=submit]:enabled").await;
    bob.tab.write("#recovery-key [data-password]", &bob.password).await;
    bob.tab.click("#recovery-key [data-make]").await;
    bob.tab.until_shown("[data-recovery-paper] #recovery-confirm [type=submit]:enabled").await;
    show(&bob.tab, "recovery-paper-french").await;
    bob.tab.goto(&bob.url("/home")).await;
    bob.until_home().await;
    bob.tab.until("the word on storage", "document.querySelector('.menu-items [data-storage]')", vec![]).await;
    bob.tab.click(".people .menu > summary").await;
    show(&bob.tab, "menu-french").await;
    let parameters = json!({ "origin": alice.url(""), "storageTypes": "indexeddb" });
    bob.tab.devtools("Storage.clearDataForOrigin", parameters).await;
    bob.tab.reload().await;
    bob.tab.until_shown("#status[data-state=storage-gone]").await;
    show(&bob.tab, "storage-gone-french").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_an_alarm_and_the_end_of_an_account_fit_too() {
    let stage = Stage::set().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    alice.sign_up().await;
    bob.sign_up().await;
    bob.add(&alice).await;
    bob.open(&alice).await;
    bob.send("It is me, from the market.").await;
    alice.open(&bob).await;
    alice.until_reads(&["It is me, from the market."]).await;
    show(&alice.tab, "request").await;
    alice.tab.ask("document.cookie = 'language=fr; path=/'", vec![]).await;
    alice.tab.reload().await;
    alice.until_home().await;
    alice.until_reads(&["It is me, from the market."]).await;
    show(&alice.tab, "request-french").await;
    let alarm = "(word => (document.getElementById('notice').textContent = word.textContent.trim()))(
        document.getElementById('words').content.querySelector('[data-word=vault-older]'))";
    assert_ne!(alice.tab.ask(alarm, vec![]).await, "");
    show(&alice.tab, "alarm-french").await;
    alice.tab.goto(&alice.url("/home?show=safety")).await;
    alice.tab.until_shown("#delete-account [type=submit]:enabled").await;
    alice.tab.ask("document.getElementById('delete-account').scrollIntoView() ?? true", vec![]).await;
    show(&alice.tab, "delete-account-french").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_passphrase_of_a_browser_fits_too() {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    let to_forms = "document.getElementById('passphrase-title').scrollIntoView() ?? true";
    alice.tab.goto(&alice.url("/home?show=safety")).await;
    alice.tab.until_shown("#passphrase-set [type=submit]:enabled").await;
    alice.tab.ask(to_forms, vec![]).await;
    show(&alice.tab, "passphrase-set").await;
    passphrase::set(&alice).await;
    alice.tab.goto(&alice.url("/home")).await;
    passphrase::until_asked(&alice.tab).await;
    show(&alice.tab, "unlock").await;
    alice.tab.ask("document.cookie = 'language=fr; path=/'", vec![]).await;
    alice.tab.reload().await;
    passphrase::until_asked(&alice.tab).await;
    passphrase::unlock(&alice.tab, "not the passphrase").await;
    alice.tab.until_shown("#unlock-error:not(:empty)").await;
    alice.tab.click("#unlock details > summary").await;
    show(&alice.tab, "unlock-french").await;
    alice.tab.goto(&alice.url("/home?show=safety")).await;
    passphrase::until_asked(&alice.tab).await;
    passphrase::unlock(&alice.tab, passphrase::PASSPHRASE).await;
    alice.tab.until_shown("#passphrase-change [type=submit]:enabled").await;
    alice.tab.ask(to_forms, vec![]).await;
    show(&alice.tab, "passphrase-change-french").await;
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click("form[data-sign-out] button").await;
    alice.tab.until("the sign-in page", "location.pathname === '/sign-in'", vec![]).await;
    alice.fill_in_sign_in(&alice.password).await;
    alice.tab.until_shown("[data-locked]").await;
    show(&alice.tab, "sign-in-passphrase-french").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute: cargo xtask soak stories"]
async fn a_message_s_menu_its_dialogs_and_what_comes_of_them_fit_too() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("Shall we take the train at six, or is that too early for you after the market?").await;
    bob.tab.until_shown(".message.peer").await;
    let menu = "document.querySelector(a[0]).dispatchEvent(new MouseEvent('contextmenu',
        { bubbles: true, cancelable: true, clientX: 500, clientY: 300 }))";
    bob.tab.ask(menu, vec![".message.peer".into()]).await;
    bob.tab.click("#message-menu [data-act=reply]").await;
    show(&bob.tab, "reply").await;
    bob.send("Six is fine.").await;
    alice.tab.until_shown(".message.peer .quote").await;
    alice.tab.ask(menu, vec![".message.peer".into()]).await;
    alice.tab.click("#message-menu [data-react='❤️']").await;
    bob.tab.until_shown(".reactions button").await;
    bob.tab.click(".reactions button").await;
    alice
        .tab
        .until("two hearts", "document.querySelector('.reactions button').textContent.includes('2')", vec![])
        .await;
    alice.send("Good! 🎉").await;
    alice.tab.ask(menu, vec![".message.own".into()]).await;
    alice.tab.click("#message-menu [data-act=edit]").await;
    alice.tab.write("[data-draft]", " Tell me.\n").await;
    alice.tab.until_shown(".message.own .edited:not(:empty)").await;
    alice.tab.ask(menu, vec![".message.own:last-child".into()]).await;
    alice.tab.until_shown("#message-menu:popover-open").await;
    show(&alice.tab, "message-menu").await;
    alice.tab.click("#message-menu [data-act=emoji]").await;
    alice.tab.until_shown("#choose-emoji [data-emoji='😀']").await;
    show(&alice.tab, "choose-emoji").await;
    alice.tab.click("#choose-emoji [data-close]").await;
    alice.tab.ask(menu, vec![".message.own:last-child".into()]).await;
    alice.tab.click("#message-menu [data-act=forward]").await;
    alice.tab.until_shown("#forward-message .choices button").await;
    show(&alice.tab, "forward").await;
    alice.tab.click("#forward-message [data-close]").await;
    alice.tab.click(".message.own:has(.edited:not(:empty)) .edited").await;
    alice.tab.until_shown("#earlier-versions[open] .earlier li").await;
    show(&alice.tab, "earlier-versions").await;
    alice.tab.click("#earlier-versions [data-close]").await;

    alice.tab.ask("document.cookie = 'language=fr; path=/'", vec![]).await;
    alice.tab.reload().await;
    alice.until_home().await;
    alice.tab.until_shown(".message.own:last-child").await;
    alice.tab.ask(menu, vec![".message.own:last-child".into()]).await;
    alice.tab.until_shown("#message-menu:popover-open").await;
    show(&alice.tab, "message-menu-french").await;
    alice.tab.click("#message-menu [data-act=delete]").await;
    alice.tab.until_shown("#delete-message [data-delete=everyone]").await;
    show(&alice.tab, "delete-message-french").await;
    alice.tab.click("#delete-message [data-delete=everyone]").await;
    bob.tab.until_shown(".message.deleted").await;
    show(&bob.tab, "message-deleted").await;
}

/// What is shown to someone who has the password alone. The lines of a full account are made from its one device's.
async fn show_devices_to_remove(stranger: &Person, (email, password): (&str, &str), name: &str) {
    stranger.tab.goto(&stranger.url("/make-room")).await;
    stranger.tab.until_shown("form#make-room button[data-before]:enabled").await;
    show(&stranger.tab, &format!("{name}-before")).await;
    stranger.tab.write("form#make-room [data-email]", email).await;
    stranger.tab.write("form#make-room [data-password]", &format!("{password}\n")).await;
    stranger.tab.until_shown("#make-room li").await;
    let more = "(list => { \
        for (let n = 1; n < 8; n++) list.append(list.firstElementChild.cloneNode(true)); \
        list.children[2].querySelector('strong').textContent = 'w'.repeat(40); \
        list.children[1].querySelector('input').checked = true; \
        return list.children.length; })(document.querySelector('#make-room ul'))";
    stranger.tab.ask(more, vec![]).await;
    show(&stranger.tab, name).await;
}
