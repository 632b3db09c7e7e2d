//! People search their own texts: found whatever case and accents, without a network, and told to nobody.

use super::message_menu::choose as choose_in_menu;
use crate::browser::Tab;
use crate::person::Person;
use crate::proxy::Exchange;
use crate::stage::Stage;

/// The lines of the list, as `whom: what`, with brackets around what was found.
const HITS: &str = "[...document.querySelectorAll('[data-hit]')].map(hit => hit.querySelector('.hit-with').textContent + ': ' + \
    hit.querySelector('.hit-author').textContent + \
    [...hit.querySelector('.hit-text').childNodes].map(n => n.nodeName === 'MARK' ? `[${n.textContent}]` : n.textContent).join(''))";

async fn look_for(tab: &Tab, words: &str) {
    tab.until_shown("[data-search-words]:enabled").await;
    let clear = "(e => { e.value = ''; e.dispatchEvent(new Event('input', { bubbles: true })); return true })(document.querySelector('[data-search-words]'))";
    tab.ask(clear, vec![]).await;
    tab.write("[data-search-words]", words).await;
}

async fn until_found(tab: &Tab, hits: &[&str]) {
    tab.until(
        &format!("the hits {hits:?}"),
        &format!("JSON.stringify({HITS}) === JSON.stringify(a[0])"),
        vec![hits.into()],
    )
    .await;
}

async fn open_search(person: &Person) {
    person.tab.goto(&person.url("/home?show=search")).await;
    person.tab.until_shown("[data-search-words]:enabled").await;
}

/// Chooses in a field of the filters.
async fn choose(tab: &Tab, field: &str, value: &str) {
    const CHOOSE: &str = "(field => {
        field.value = a[1];
        field.dispatchEvent(new Event('input', { bubbles: true }));
        return field.value === a[1];
    })(document.querySelector(a[0]))";
    assert_eq!(tab.ask(CHOOSE, vec![field.into(), value.into()]).await, true, "{field} takes {value}");
}

/// Waits until the line with this text has the keyboard, is wholly within the conversation, and was marked. The mark goes
/// by itself, so it is noted when it comes.
async fn until_gone_to(tab: &Tab, text: &str) {
    const GONE_TO: &str = "(line => {
        const list = line.closest('.messages')?.getBoundingClientRect(), at = line.getBoundingClientRect();
        return list && line.textContent.includes(a[0]) && at.top >= list.top && at.bottom <= list.bottom && window.marked;
    })(document.activeElement)";
    tab.until(&format!("the line with {text}"), GONE_TO, vec![text.into()]).await;
}

/// Has the page note when a line is marked.
async fn note_marks(tab: &Tab) {
    const NOTE: &str = "(window.marked = false, new MutationObserver(() => {
        window.marked ||= !!document.querySelector('.message.sought');
    }).observe(document.body, { subtree: true, childList: true, attributeFilter: ['class'] }), true)";
    assert_eq!(tab.ask(NOTE, vec![]).await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_narrowed_to_a_conversation_an_author_and_days() {
    let (_stage, alice, bob, carol) = Stage::three_who_talk().await;
    alice.send("bread for carol").await;
    carol.until_reads(&["bread for carol"]).await;
    alice.open(&bob).await;
    alice.send("bread for bob").await;
    bob.until_reads(&["bread for bob"]).await;
    bob.send("the bread is good").await;
    alice.until_reads(&["bread for bob", "the bread is good"]).await;

    alice.tab.click(".conversation .menu > summary").await;
    alice.tab.click("[data-search-here]").await;
    alice.tab.until_shown("[data-by]:enabled").await;
    // Without a word: everything that was written there.
    let (his, mine) = (format!("{}: the bread is good", bob.email), format!("{}: You: bread for bob", bob.email));
    until_found(&alice.tab, &[&his, &mine]).await;
    crate::picture::show(&alice.tab, "search-narrowed").await;
    choose(&alice.tab, "[data-by]", "own").await;
    until_found(&alice.tab, &[&mine]).await;
    choose(&alice.tab, "[data-by]", "other").await;
    until_found(&alice.tab, &[&his]).await;
    choose(&alice.tab, "[data-in]", "").await;
    choose(&alice.tab, "[data-by]", "own").await;
    look_for(&alice.tab, "bread").await;
    let marked = [format!("{}: You: [bread] for bob", bob.email), format!("{}: You: [bread] for carol", carol.email)];
    until_found(&alice.tab, &[&marked[0], &marked[1]]).await;
    // Both ends of a day count, and the day after it has nothing.
    let day = |days: i32| format!("new Date(Date.now() + {days} * 864e5).toLocaleDateString('sv')");
    let today = alice.tab.ask(&day(0), vec![]).await;
    choose(&alice.tab, "[data-from]", today.as_str().unwrap()).await;
    choose(&alice.tab, "[data-until]", today.as_str().unwrap()).await;
    until_found(&alice.tab, &[&marked[0], &marked[1]]).await;
    let tomorrow = alice.tab.ask(&day(1), vec![]).await;
    choose(&alice.tab, "[data-until]", "").await;
    choose(&alice.tab, "[data-from]", tomorrow.as_str().unwrap()).await;
    until_found(&alice.tab, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_whatever_their_accents_and_a_hit_opens_its_place_in_the_conversation() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    // Further up than what is laid out at first.
    alice.send("L’Été <b>dernier</b>, canary-4711").await;
    let mut last = String::new();
    for number in 0..70 {
        last = format!("line {number}");
        alice.send(&last).await;
    }
    let arrived = "[...document.querySelectorAll('.message.peer .body')].some(e => e.textContent === a[0])";
    bob.tab.until("the last line", arrived, vec![last.into()]).await;
    bob.send("next ete perhaps").await;
    let shown = "document.querySelectorAll('.message.peer').length === 1";
    alice.tab.until("the answer", shown, vec![]).await;

    let before = stage.proxy.exchanges().len();
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click(".menu-items [hx-get='/search']").await;
    look_for(&alice.tab, "ETE").await;
    let (older, newer) = (
        format!("{}: You: L’[Été] <b>dernier</b>, canary-4711", bob.email),
        format!("{}: next [ete] perhaps", bob.email),
    );
    until_found(&alice.tab, &[&newer, &older]).await;
    look_for(&alice.tab, "canary dernier").await;
    until_found(&alice.tab, &[&format!("{}: You: L’Été <b>[dernier]</b>, [canary]-4711", bob.email)]).await;
    look_for(&alice.tab, "canary nowhere").await;
    until_found(&alice.tab, &[]).await;
    let said = "/canary nowhere/.test(document.querySelector('[data-search-state]').textContent)";
    alice.tab.until("the page to say that nothing was found", said, vec![]).await;
    // What comes meanwhile is found without another word.
    look_for(&alice.tab, "meanwhile").await;
    until_found(&alice.tab, &[]).await;
    bob.send("come meanwhile").await;
    until_found(&alice.tab, &[&format!("{}: come [meanwhile]", bob.email)]).await;
    // What is deleted meanwhile goes.
    choose_in_menu(&bob.tab, "come meanwhile", "delete").await;
    bob.tab.until_shown("#delete-message [data-delete=everyone]").await;
    bob.tab.click("#delete-message [data-delete=everyone]").await;
    until_found(&alice.tab, &[]).await;
    look_for(&alice.tab, "come").await;
    let said = "/“come”/.test(document.querySelector('[data-search-state]').textContent)";
    alice.tab.until("the page to say that it found nothing", said, vec![]).await;

    // By the keyboard, to a line that is not laid out yet.
    look_for(&alice.tab, "4711\n").await;
    until_found(&alice.tab, &[&format!("{}: You: L’Été <b>dernier</b>, canary-[4711]", bob.email)]).await;
    alice.tab.write("[data-search-words]", "\n").await;
    note_marks(&alice.tab).await;
    alice.tab.write("[data-hit] button", "\n").await;
    until_gone_to(&alice.tab, "4711").await;

    // Nobody was told what was looked for.
    stage.proxy.until_quiet().await;
    let told = |exchange: &Exchange| {
        let sent = [exchange.target.as_bytes(), exchange.request_head.as_bytes(), &exchange.request_body].concat();
        ["nowhere", "4711", "canary"].iter().any(|word| sent.windows(word.len()).any(|at| at == word.as_bytes()))
    };
    let exchanges = stage.proxy.exchanges();
    assert!(exchanges[before..].iter().any(|exchange| exchange.target == "/search"), "the pane came from elsewhere");
    assert!(!exchanges[before..].iter().any(told), "what was looked for left the browser");
    assert!(!alice.tab.ask("location.href", vec![]).await.to_string().contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_opens_and_finds_without_a_network() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("cheese from the market").await;
    bob.until_reads(&["cheese from the market"]).await;
    alice.tab.until_pages_are_kept().await;

    stage.proxy.go_offline();
    open_search(&alice).await;
    let hit = format!("{}: You: [cheese] from the market", bob.email);
    look_for(&alice.tab, "cheese").await;
    until_found(&alice.tab, &[&hit]).await;
    note_marks(&alice.tab).await;
    alice.tab.click("[data-hit] button").await;
    until_gone_to(&alice.tab, "cheese").await;
    // From anywhere, by the keyboard; and what was looked for last is still there.
    let press = "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true, cancelable: true })) || true";
    alice.tab.until("the shortcut", "document.querySelector('[aria-keyshortcuts]')", vec![]).await;
    alice.tab.ask(press, vec![]).await;
    alice.tab.until_shown("[data-search-words]:enabled").await;
    until_found(&alice.tab, &[&hit]).await;
    assert_eq!(alice.tab.ask("document.activeElement.id", vec![]).await, "search-words");
}
