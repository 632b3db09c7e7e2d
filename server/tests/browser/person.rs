//! Owns what a person does in front of the pages: the one place that knows their elements.

use crate::browser::{Browser, Tab};
use crate::engine::Engine;
use crate::eventually::{PATIENCE, eventually};
use crate::word::{LANGUAGES, word};
use cliquet_wire::certificate::DeviceDirectory;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The browser calls itself ready when its keys are loaded and the poll is under way.
const READY: &str = "#status[data-state=online]";

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) tab: Tab,
    pub(crate) browser: Browser,
    /// Where the server listens.
    address: String,
    /// Where the browser sees it.
    home: String,
}

impl Person {
    /// Someone with a browser: a new one, if there is no profile of that name. The server listens at `address`.
    pub(crate) async fn arrive(house: &Path, name: &str, address: &str) -> Self {
        let browser = Browser::start(house, name, address).await;
        let tab = browser.first_tab().await;
        let (email, password) = (format!("{name}@example.org"), format!("{name} keeps-a-long-password 1"));
        Self { email, password, tab, browser, address: address.to_owned(), home: Engine::chosen().seen(address) }
    }

    /// A new browser over what the one before, which has ended, left on its disk.
    pub(crate) async fn open_browser_again(&mut self, house: &Path) {
        self.browser = Browser::start(house, self.name(), &self.address).await;
        self.tab = self.browser.first_tab().await;
    }

    /// A browser in another language, and with nothing in it.
    pub(crate) async fn open_browser_in(&mut self, house: &Path, name: &str, language: &str) {
        self.browser = Browser::start_in(house, name, &self.address, language).await;
        self.tab = self.browser.first_tab().await;
    }

    /// What the browser is called in the folder of the stage: the person's name, for who has one browser.
    pub(crate) fn name(&self) -> &str {
        self.email.split('@').next().unwrap_or_default()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.home)
    }

    pub(crate) async fn sign_up(&self) {
        self.tab.goto(&self.url("/sign-up")).await;
        self.tab.until_shown("form#sign-up [type=submit]:enabled").await;
        self.tab.fill("form#sign-up [data-email]", &self.email).await;
        self.tab.fill("form#sign-up [data-password]", &self.password).await;
        self.tab.fill("form#sign-up [data-password-again]", &self.password).await;
        self.tab.click("form#sign-up [type=submit]").await;
        self.until_home().await;
    }

    /// Opens home in a browser that was closed while it was signed in.
    pub(crate) async fn come_back(&self) {
        self.tab.goto(&self.url("/home")).await;
        self.until_home().await;
    }

    pub(crate) async fn try_sign_in(&self, password: &str) {
        self.tab.goto(&self.url("/sign-in")).await;
        self.fill_in_sign_in(password).await;
    }

    /// On a sign-in page that is already open.
    pub(crate) async fn fill_in_sign_in(&self, password: &str) {
        self.tab.until_shown("form#sign-in [type=submit]:enabled").await;
        self.tab.fill("form#sign-in [data-email]", &self.email).await;
        self.tab.fill("form#sign-in [data-password]", password).await;
        self.tab.click("form#sign-in [type=submit]").await;
    }

    pub(crate) async fn until_home(&self) {
        self.tab.until("the home page", "location.pathname === '/home'", vec![]).await;
        self.until_ready(&self.tab).await;
    }

    pub(crate) async fn until_ready(&self, tab: &Tab) {
        tab.until("this browser to be ready", &format!("document.querySelector('{READY}')"), vec![]).await;
    }

    pub(crate) async fn add(&self, other: &Person) {
        self.add_address(&other.email).await;
    }

    pub(crate) async fn add_address(&self, email: &str) {
        self.tab.write("#add-contact input", &format!("{email}\n")).await;
        self.tab.click(&format!("button[data-add-contact='{email}']")).await;
        self.tab.until_shown(&format!("#contacts li[data-contact='{email}']")).await;
    }

    pub(crate) async fn open(&self, other: &Person) {
        self.open_in(&self.tab, other).await;
    }

    pub(crate) async fn open_in(&self, tab: &Tab, other: &Person) {
        self.open_address_in(tab, &other.email).await;
    }

    pub(crate) async fn open_address_in(&self, tab: &Tab, email: &str) {
        mark_what_is_open(tab).await;
        tab.click(&format!("#contacts li[data-contact='{email}'] a")).await;
        tab.until_shown(&format!("section[data-conversation='{email}']{NEWLY_OPEN}")).await;
    }

    /// Says yes to a contact request.
    pub(crate) async fn accept(&self, other: &Person) {
        self.open(other).await;
        self.tab.click(".request-banner [data-accept]").await;
        self.tab.until_shown("form[data-composer] > fieldset:enabled").await;
    }

    pub(crate) async fn send(&self, text: &str) {
        self.send_in(&self.tab, text).await;
    }

    pub(crate) async fn send_in(&self, tab: &Tab, text: &str) {
        tab.until_shown("form[data-composer] > fieldset:enabled").await;
        tab.write("[data-draft]", &format!("{text}\n")).await;
    }

    /// Many texts, as fast as the page takes them, and each durable before this returns.
    pub(crate) async fn send_all(&self, texts: &[String]) {
        write_at_once(&self.tab, texts).await;
        let Some(last) = texts.last() else { return };
        let patience = PATIENCE + Duration::from_millis(200 * texts.len() as u64);
        let look = async || if is_written(&self.tab, last).await { Ok(()) } else { Err("not yet") };
        if let Err(waited) = eventually("all that was written to be kept", patience, look).await {
            self.tab.fail(&waited).await;
        }
    }

    /// Waits until the other one's text is shown.
    pub(crate) async fn until_hears(&self, text: &str) {
        let shown = "[...document.querySelectorAll('.message.peer .body')].some(e => e.textContent === a[0])";
        self.tab.until("the other's text", shown, vec![text.into()]).await;
    }

    /// Scrolls up as long as there is something above; waits until exactly these texts were said, in this order.
    pub(crate) async fn until_reads_back_to_the_beginning(&self, texts: &[&str]) {
        let up = "(list => { list.scrollTop = 300; list.scrollTop = 0; \
            return [...list.querySelectorAll('.message:not(.notice) .body')].map(e => e.textContent); \
            })(document.querySelector('.messages'))";
        let patience = PATIENCE + Duration::from_millis(20 * texts.len() as u64);
        let look = async || {
            let now = strings(self.tab.ask(up, vec![]).await);
            if now == texts { Ok(()) } else { Err((now.len(), now.first().cloned(), now.last().cloned())) }
        };
        if let Err(waited) = eventually(&format!("{} to read all that was said", self.email), patience, look).await {
            self.tab.fail(&waited).await;
        }
    }

    /// Waits until exactly these texts are shown, in this order.
    pub(crate) async fn until_reads(&self, texts: &[&str]) {
        self.until_reads_in(&self.tab, texts).await;
    }

    pub(crate) async fn until_reads_in(&self, tab: &Tab, texts: &[&str]) {
        let look = async || {
            let read = read(tab).await;
            if read == texts { Ok(()) } else { Err(read) }
        };
        if let Err(waited) = eventually(&format!("{} to read {texts:?}", self.email), PATIENCE, look).await {
            tab.fail(&waited).await;
        }
    }

    /// Stays for a while and looks again: what must not appear twice often appears late.
    pub(crate) async fn still_reads(&self, texts: &[&str]) {
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(read(&self.tab).await, texts, "{} reads something else after a while", self.email);
    }

    /// The marks of one's own messages, in order: waiting, sent, delivered. Where the other looks at the conversation, what
    /// is delivered is soon read: that is as good.
    pub(crate) async fn until_marked(&self, marks: &[&str]) {
        let is_as_good = |found: &String, mark: &&str| found == mark || (*mark == "delivered" && found == "read");
        let good =
            |found: &[String]| found.len() == marks.len() && found.iter().zip(marks).all(|(f, m)| is_as_good(f, m));
        self.until_marks(&format!("{marks:?}"), good).await;
    }

    /// These marks and no better ones.
    pub(crate) async fn until_marked_just(&self, marks: &[&str]) {
        self.until_marks(&format!("{marks:?}"), |found| found == marks).await;
    }

    async fn until_marks(&self, wanted: &str, good: impl Fn(&[String]) -> bool) {
        let own = "[...document.querySelectorAll('.messages > .message.own')].map(e => e.dataset.mark)";
        let look = async || {
            let found = strings(self.tab.ask(own, vec![]).await);
            if good(&found) { Ok(()) } else { Err(found) }
        };
        if let Err(waited) = eventually(&format!("{} to see {wanted}", self.email), PATIENCE, look).await {
            self.tab.fail(&waited).await;
        }
    }
}

impl Person {
    /// Chooses the language of the pages, and loads the same page again.
    pub(crate) async fn read_pages_in(&self, language: &str) {
        self.tab.ask("document.cookie = `language=${a[0]}; path=/`", vec![language.into()]).await;
        self.tab.reload().await;
        self.until_home().await;
    }

    /// Waits until the line for what concerns the whole page says this.
    pub(crate) async fn until_told(&self, sentence: &str) {
        let says = "document.getElementById('notice')?.textContent.includes(a[0])";
        self.tab.until(&format!("to be told: {sentence}"), says, vec![sentence.into()]).await;
    }

    /// What the server answers this person's browser.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, method: &str, path: &str, body: Value) -> T {
        let fetch = "fetch(a[1], { method: a[0], body: a[2] && JSON.stringify(a[2]), \
            headers: { Accept: 'application/json', 'Content-Type': 'application/json' } }).then(answer => answer.text())";
        let text = self.tab.ask(fetch, vec![method.into(), path.into(), body]).await;
        serde_json::from_str(text.as_str().unwrap_or_default()).unwrap_or_else(|_| panic!("{method} {path}: {text}"))
    }

    /// What the server shows this person under an address.
    pub(crate) async fn directory(&self, email: &str) -> DeviceDirectory {
        self.fetch("GET", &format!("/contacts/{email}"), Value::Null).await
    }

    /// The safety number of the open conversation.
    pub(crate) async fn digits(&self) -> String {
        self.tab.ask("document.querySelector('[data-digits]').textContent", vec![]).await.as_str().unwrap().to_owned()
    }

    /// Texts that are shown, whatever notices stand between them.
    pub(crate) async fn until_reads_among(&self, texts: &[&str]) {
        let look = async || {
            let mut read = read(&self.tab).await;
            read.retain(|line| texts.contains(&line.as_str()));
            if read == texts { Ok(()) } else { Err(read) }
        };
        if let Err(waited) = eventually(&format!("{} to read {texts:?}", self.email), PATIENCE, look).await {
            self.tab.fail(&waited).await;
        }
    }

    /// How many records this browser keeps whose names begin so.
    pub(crate) async fn records_kept(&self, beginnings: &[&str]) -> u64 {
        let count =
            "indexedDB.databases().then(all => Promise.all(all.map(({ name }) => new Promise((resolve, reject) => {
            const opening = indexedDB.open(name);
            opening.onerror = reject;
            opening.onsuccess = () => {
                const database = opening.result;
                if (!database.objectStoreNames.contains('records')) { database.close(); return resolve(0); }
                const keys = database.transaction('records').objectStore('records').getAllKeys();
                keys.onsuccess = () => { database.close();
                    resolve(keys.result.filter(key => a[0].some(beginning => key.startsWith(beginning))).length); };
            };
        })))).then(counts => counts.reduce((sum, count) => sum + count, 0))";
        self.tab.ask(count, vec![json!(beginnings)]).await.as_u64().unwrap()
    }

    /// The browser's data of this site is deleted.
    pub(crate) async fn forget_everything(&self) {
        self.tab.goto(&self.url("/health")).await;
        self.tab.forget_cookies().await;
        // A page that has storage, and keeps no database open: nobody is signed in on it. The service worker ends what it
        // had begun, and may keep something once more.
        let look = async || {
            self.tab.goto(&self.url("/sign-in")).await;
            self.tab.forget_site(&self.home).await;
            self.tab.goto(&self.url("/sign-in")).await;
            match self.tab.ask("indexedDB.databases().then(all => all.map(({ name }) => name))", vec![]).await {
                Value::Array(names) if names.is_empty() => Ok(()),
                kept => Err(kept),
            }
        };
        eventually("the browser to keep nothing", PATIENCE, look).await.unwrap();
    }

    /// Until nothing is left that the server's history and vault lack.
    pub(crate) async fn until_kept(&self, proxy: &crate::proxy::Proxy) {
        let kept = async || {
            let exchanges = proxy.exchanges();
            let done = |method: &str, target: &str| {
                exchanges.iter().any(|it| it.method == method && it.target == target && (200..300).contains(&it.status))
            };
            if done("POST", "/history") && done("PUT", "/vault") { Ok(()) } else { Err("nothing yet") }
        };
        eventually("history and vault to be kept", PATIENCE, kept).await.unwrap();
        let left = async || match self.records_kept(&["to_encrypt/", "outbox/", "to_keep/"]).await {
            0 => Ok(()),
            left => Err(left),
        };
        eventually("all that waits to be sent and kept", PATIENCE, left).await.unwrap();
        self.until_nothing_is_behind().await;
    }

    /// Until home says that the vault and the history have what this browser has.
    pub(crate) async fn until_nothing_is_behind(&self) {
        let kept = "document.documentElement.dataset.behind === 'no'";
        self.tab.until("vault and history to be kept", kept, vec![]).await;
    }

    /// Makes a recovery key on the safety pane, and confirms it as asked.
    pub(crate) async fn make_recovery_key(&self) -> Vec<String> {
        self.tab.goto(&self.url("/home?show=safety")).await;
        self.tab.until_shown("#recovery-key [type=submit]:enabled").await;
        self.tab.write("#recovery-key [data-password]", &self.password).await;
        self.tab.click("#recovery-key [data-make]").await;
        self.tab.until_shown("[data-recovery-paper] #recovery-confirm [type=submit]:enabled").await;
        let words: Vec<String> = strings(
            self.tab
                .ask("[...document.querySelectorAll('[data-recovery-words] li')].map(e => e.textContent)", vec![])
                .await,
        );
        assert_eq!(words.len(), 24);
        let labels = strings(
            self.tab
                .ask("[...document.querySelectorAll('[data-confirm-label]')].map(e => e.textContent)", vec![])
                .await,
        );
        for (index, label) in labels.iter().enumerate() {
            let place: usize = label.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
            self.tab.write(&format!("#confirm-{}", index + 1), &words[place - 1]).await;
        }
        self.tab.click("#recovery-confirm [type=submit]").await;
        self.tab.until("the key to be set", "document.querySelector('[data-recovery-paper]').hidden", vec![]).await;
        words
    }

    pub(crate) async fn try_recover(&self, words: &[String], password: &str) {
        self.tab.goto(&self.url("/recover")).await;
        self.tab.until_shown("form#recover [type=submit]:enabled").await;
        self.tab.write("form#recover [data-email]", &self.email).await;
        self.tab.write("form#recover [data-recovery-words]", &words.join(" ")).await;
        self.tab.write("form#recover [data-password]", password).await;
        self.tab.write("form#recover [data-password-again]", password).await;
        self.tab.click("form#recover [type=submit]").await;
    }
}

/// As fast as a page can: the draft is taken before the next one is in it.
pub(crate) async fn write_at_once(tab: &Tab, texts: &[String]) {
    let script = "a[0].map(text => { \
        const form = document.querySelector('form[data-composer]'); \
        form.querySelector('[data-draft]').value = text; \
        form.requestSubmit(); return 1; }).length";
    let taken = tab.ask(script, vec![json!(texts)]).await;
    assert_eq!(taken, json!(texts.len()), "the page took something else");
}

const WRITTEN: &str = "[...document.querySelectorAll('.message.own .body')].some(e => e.textContent === a[0])";

/// What one wrote is on the page: then it is on the disk, and so is what was written before it.
pub(crate) async fn until_written(tab: &Tab, text: &str) {
    tab.until("what was written to be kept", WRITTEN, vec![text.into()]).await;
}

async fn is_written(tab: &Tab, text: &str) -> bool {
    tab.ask(WRITTEN, vec![text.into()]).await == Value::Bool(true)
}

/// The lines of the conversation. A line that says that a device came or went is none of them: it comes with whatever that
/// device says first, and this may be that its person looks at the conversation.
async fn read(tab: &Tab) -> Vec<String> {
    let devices = ["word-contact-device-added", "word-contact-device-removed"];
    let left_out: Vec<&str> = LANGUAGES.iter().flat_map(|language| devices.map(|key| word(language, key))).collect();
    let lines = "[...document.querySelectorAll('.messages > .message')]\
        .filter(e => !e.classList.contains('notice') || !a[0].includes(e.querySelector('.body').textContent))\
        .map(e => e.querySelector('.body').textContent)";
    strings(tab.ask(lines, vec![json!(left_out)]).await)
}

fn strings(value: Value) -> Vec<String> {
    serde_json::from_value(value).unwrap_or_default()
}

/// Of a conversation that was opened since [`mark_what_is_open`].
pub(crate) const NEWLY_OPEN: &str = ":not([data-before])";

/// To be called before a conversation is opened. It may be open already, since its address is in the page's: then it is
/// laid out again, and what is there now goes.
pub(crate) async fn mark_what_is_open(tab: &Tab) {
    let mark = "document.querySelector('section[data-conversation]')?.toggleAttribute('data-before', true)";
    tab.ask(mark, vec![]).await;
}

/// One adds, the other accepts, and both have the conversation open.
pub(crate) async fn meet(one: &Person, other: &Person) {
    one.add(other).await;
    one.open(other).await;
    other.tab.until_shown(&format!("#contacts li[data-contact='{}']", one.email)).await;
    other.accept(one).await;
}
