//! Groups: made from contacts, and talked in by people who are no contacts of each other.

use crate::person::{NEWLY_OPEN, Person, mark_what_is_open};
use crate::picture::show;
use crate::stage::Stage;
use crate::word::word;

pub(crate) const OPEN: &str = "section[data-conversation]:not([data-conversation*='@'])[data-filled]";

impl Person {
    /// Opens the group of this name from the list.
    pub(crate) async fn open_group(&self, name: &str) {
        let press = "(line => { line?.querySelector('a').click(); return Boolean(line); })(\
            [...document.querySelectorAll('#contacts li')].find(line => line.querySelector('[data-name]').textContent === a[0]))";
        mark_what_is_open(&self.tab).await;
        self.tab.until("the group in the list", press, vec![name.into()]).await;
        self.tab.until_shown(&format!("{OPEN}{NEWLY_OPEN}")).await;
    }

    pub(crate) async fn make_group(&self, name: &str, others: &[&Person]) {
        self.tab.click(".people .menu > summary").await;
        self.tab.click("[data-new-group-open]").await;
        self.tab.write("#new-group-name", name).await;
        for other in others {
            self.tab.click(&format!(".new-group .choices input[value='{}']", other.email)).await;
        }
        self.tab.click(".new-group [type=submit]").await;
        self.tab.until_shown(OPEN).await;
    }

    /// What the lines say, with their authors, without those about devices.
    pub(crate) async fn until_group_reads(&self, lines: &[&str]) {
        let read = "JSON.stringify([...document.querySelectorAll('.messages > .message:not(.notice)')]\
            .map(line => line.querySelector('.author').textContent + ': ' + line.querySelector('.body').textContent)) === a[0]";
        self.tab.until(&format!("{lines:?}"), read, vec![serde_json::to_string(lines).unwrap().into()]).await;
    }

    pub(crate) async fn members(&self) -> String {
        let open = "document.querySelector('#group-info').hidden";
        if self.tab.ask(open, vec![]).await == true {
            self.tab.click("[data-group-info]").await;
        }
        self.tab.until_shown("#group-info li[data-member]").await;
        let names =
            "[...document.querySelectorAll('#group-info li[data-member]')].map(line => line.dataset.member).join(' ')";
        self.tab.ask(names, vec![]).await.as_str().unwrap().to_owned()
    }

    pub(crate) async fn until_members(&self, members: &[&Person]) {
        let mut wanted: Vec<&str> = members.iter().map(|member| member.email.as_str()).collect();
        wanted.sort_unstable();
        self.members().await;
        let are = "[...document.querySelectorAll('#group-info li[data-member]')].map(line => line.dataset.member).join(' ') === a[0]";
        self.tab.until("the members", are, vec![wanted.join(" ").into()]).await;
    }

    pub(crate) async fn until_notice(&self, sentence: &str) {
        let shown =
            "[...document.querySelectorAll('.message.notice .body')].some(line => line.textContent.includes(a[0]))";
        self.tab.until(&format!("the line {sentence}"), shown, vec![sentence.into()]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_people_make_a_group_talk_and_change_it_and_two_of_them_never_were_contacts() {
    let (stage, alice, bob, carol) = Stage::three_who_talk().await;

    alice.make_group("Walks", &[&bob, &carol]).await;
    alice.until_notice("You added").await;
    alice.send("Shall we go on Sunday?").await;
    bob.open_group("Walks").await;
    bob.until_group_reads(&["alice@example.org: Shall we go on Sunday?"]).await;
    bob.send("Yes, at ten").await;
    carol.open_group("Walks").await;
    let both = ["alice@example.org: Shall we go on Sunday?", "bob@example.org: Yes, at ten"];
    carol.until_group_reads(&both).await;
    carol.send("I bring cake").await;
    let all = ["alice@example.org: Shall we go on Sunday?", "You: Yes, at ten", "carol@example.org: I bring cake"];
    bob.until_group_reads(&all).await;
    alice.until_group_reads(&["You: Shall we go on Sunday?", both[1], all[2]]).await;

    // The list knows neither of the two of the other.
    let lists = "document.querySelector(`#contacts li[data-contact='${a[0]}']`) === null";
    assert_eq!(bob.tab.ask(lists, vec![carol.email.clone().into()]).await, true);
    // Back, forward and again: the page's address leads to it.
    bob.tab.reload().await;
    bob.until_ready(&bob.tab).await;
    bob.tab.until_shown(OPEN).await;
    bob.until_group_reads(&all).await;
    show(&bob.tab, "group").await;

    alice.until_members(&[&alice, &bob, &carol]).await;
    show(&alice.tab, "group-members").await;
    alice.tab.click(&format!("li[data-member='{}'] [data-group-do=promote]", bob.email)).await;
    alice.until_notice("You made bob@example.org an admin").await;
    bob.until_members(&[&alice, &bob, &carol]).await;
    bob.tab.click(&format!("li[data-member='{}'] [data-group-do=remove]", carol.email)).await;
    alice.until_members(&[&alice, &bob]).await;
    carol.tab.until_shown(".if-left").await;
    assert_eq!(carol.tab.ask("document.querySelector('[data-composer] fieldset').disabled", vec![]).await, true);
    alice.tab.click("[data-group-info]").await;
    alice.send("Without Carol").await;
    bob.tab.click("[data-group-info]").await;
    bob.until_group_reads(&[all[0], all[1], all[2], "alice@example.org: Without Carol"]).await;
    carol.until_group_reads(&[both[0], both[1], "You: I bring cake"]).await;
    carol.tab.click("[data-group-do=forget]").await;
    let gone = "![...document.querySelectorAll('#contacts li')].some(line => line.textContent.includes('Walks'))";
    carol.tab.until("the group to be gone", gone, vec![]).await;

    // In another browser of Bob's the group is there, with all that was said.
    let laptop = stage.another_browser_of(&bob).await;
    laptop.open_group("Walks").await;
    laptop.until_group_reads(&[all[0], all[1], all[2], "alice@example.org: Without Carol"]).await;
    laptop.send("From my laptop").await;
    alice.until_hears("From my laptop").await;

    // A search finds it there, and leads to it.
    laptop.tab.goto(&laptop.url("/home?show=search")).await;
    laptop.tab.until_shown("[data-search-words]:enabled").await;
    laptop.tab.write("[data-search-words]", "cake").await;
    let found = "document.querySelector('[data-hit] .hit-with')?.textContent === a[0]";
    laptop.tab.until("the hit", found, vec!["Walks".into()]).await;
    laptop.tab.click("[data-hit]").await;
    laptop.tab.until_shown(OPEN).await;

    // Nothing that the server was asked for names the group.
    let sent = stage.proxy.exchanges();
    let id = bob.tab.ask("document.querySelector('[data-conversation]').dataset.conversation", vec![]).await;
    let id = id.as_str().unwrap();
    assert!(sent.iter().all(|exchange| !exchange.target.contains(id)));
    let body = |exchange: &crate::proxy::Exchange| String::from_utf8_lossy(&exchange.request_body).into_owned();
    assert!(sent.iter().all(|exchange| !body(exchange).contains(id) && !body(exchange).contains("Walks")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_needs_a_name_and_people_and_its_last_admin_names_another() {
    let (_stage, alice, bob) = Stage::two_who_talk().await;
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click("[data-new-group-open]").await;
    alice.tab.write("#new-group-name", "Two").await;
    show(&alice.tab, "new-group").await;
    alice.tab.click(".new-group [type=submit]").await;
    let says = "document.querySelector('.new-group [data-group-error]').textContent === a[0]";
    alice.tab.until("to be told", says, vec![word("en", "word-group-choose").into()]).await;
    alice.tab.click(&format!(".new-group .choices input[value='{}']", bob.email)).await;
    alice.tab.click(".new-group [type=submit]").await;
    alice.tab.until_shown(OPEN).await;
    alice.members().await;
    alice.tab.click("[data-group-leave] > summary").await;
    alice.tab.click("#group-info [data-group-do=leave]").await;
    alice.until_told(word("en", "word-group-no-admin")).await;
    alice.tab.click(&format!("li[data-member='{}'] [data-group-do=promote]", bob.email)).await;
    alice.until_notice("You made bob@example.org an admin").await;
    alice.tab.click("#group-info [data-group-do=leave]").await;
    alice.tab.until_shown(".if-left").await;
    bob.open_group("Two").await;
    bob.until_notice("alice@example.org left the group").await;
    bob.until_members(&[&bob]).await;
    bob.tab.until_shown(".if-alone").await;
    bob.read_pages_in("fr").await;
    bob.open_group("Two").await;
    bob.members().await;
    show(&bob.tab, "group-french").await;
}
