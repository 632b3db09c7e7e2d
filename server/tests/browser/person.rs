//! Owns what a person does in front of the pages: the one place that knows their elements.

use crate::browser::{Browser, Tab};
use crate::eventually::{PATIENCE, eventually};
use serde_json::Value;
use std::path::Path;

/// The browser calls itself ready when its keys are loaded and the poll is under way.
const READY: &str = "#status[data-state=online]";

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) tab: Tab,
    pub(crate) browser: Browser,
    home: String,
}

impl Person {
    /// Someone with a fresh browser. `home` is the server's address as the browser sees it.
    pub(crate) async fn arrive(house: &Path, name: &str, home: &str) -> Self {
        let browser = Browser::start(house, name).await;
        let tab = browser.first_tab().await;
        let (email, password) = (format!("{name}@example.org"), format!("{name} keeps-a-long-password 1"));
        Self { email, password, tab, browser, home: home.trim_end_matches('/').to_owned() }
    }

    /// A new browser over what the one before, which has ended, left on its disk.
    pub(crate) async fn open_browser_again(&mut self, house: &Path) {
        let name = self.email.split('@').next().unwrap_or_default().to_owned();
        self.browser = Browser::start(house, &name).await;
        self.tab = self.browser.first_tab().await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.home)
    }

    pub(crate) async fn sign_up(&self) {
        self.tab.goto(&self.url("/sign-up")).await;
        self.tab.until_shown("form#sign-up > fieldset:enabled").await;
        self.tab.write("form#sign-up [data-email]", &self.email).await;
        self.tab.write("form#sign-up [data-password]", &self.password).await;
        self.tab.write("form#sign-up [data-password-again]", &self.password).await;
        self.tab.click("form#sign-up [type=submit]").await;
        self.until_home().await;
    }

    pub(crate) async fn try_sign_in(&self, password: &str) {
        self.tab.goto(&self.url("/sign-in")).await;
        self.fill_in_sign_in(password).await;
    }

    /// On a sign-in page that is already open.
    pub(crate) async fn fill_in_sign_in(&self, password: &str) {
        self.tab.until_shown("form#sign-in > fieldset:enabled").await;
        self.tab.write("form#sign-in [data-email]", &self.email).await;
        self.tab.write("form#sign-in [data-password]", password).await;
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
        self.tab.write("#add-contact input", &format!("{}\n", other.email)).await;
        self.tab.click(&format!("button[data-add-contact='{}']", other.email)).await;
        self.tab.until_shown(&format!("#contacts li[data-contact='{}']", other.email)).await;
    }

    pub(crate) async fn open(&self, other: &Person) {
        self.open_in(&self.tab, other).await;
    }

    pub(crate) async fn open_in(&self, tab: &Tab, other: &Person) {
        tab.click(&format!("#contacts li[data-contact='{}'] a", other.email)).await;
        tab.until_shown(&format!("section[data-conversation='{}']", other.email)).await;
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
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        assert_eq!(read(&self.tab).await, texts, "{} reads something else after a while", self.email);
    }

    /// The marks of one's own messages, in order: waiting, sent, delivered.
    pub(crate) async fn until_marked(&self, marks: &[&str]) {
        let own = "[...document.querySelectorAll('.messages > .message.own')].map(e => e.dataset.mark)";
        let look = async || {
            let found = strings(self.tab.ask(own, vec![]).await);
            if found == marks { Ok(()) } else { Err(found) }
        };
        if let Err(waited) = eventually(&format!("{} to see {marks:?}", self.email), PATIENCE, look).await {
            self.tab.fail(&waited).await;
        }
    }
}

async fn read(tab: &Tab) -> Vec<String> {
    strings(
        tab.ask("[...document.querySelectorAll('.messages > .message .body')].map(e => e.textContent)", vec![]).await,
    )
}

fn strings(value: Value) -> Vec<String> {
    serde_json::from_value(value).unwrap_or_default()
}

/// One adds, the other accepts, and both have the conversation open.
pub(crate) async fn meet(one: &Person, other: &Person) {
    one.add(other).await;
    one.open(other).await;
    other.tab.until_shown(&format!("#contacts li[data-contact='{}']", one.email)).await;
    other.accept(one).await;
}
