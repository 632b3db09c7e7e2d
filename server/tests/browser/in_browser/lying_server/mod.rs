//! A server that lies and serves honest code, in front of real people: what it tries comes to nothing, and the page says
//! so in words, in both languages. Each lie is told by the proxy, or by the hand of somebody who has the server's disk.

mod contact_key;
mod device_lists;
mod history;
mod resend;
mod vault;

use crate::person::Person;
use crate::picture::show;
use crate::proxy::{Answer, Proxy};
use crate::word::{LANGUAGES, word};
use cliquet_wire::problem::{Problem, ProblemCode};

/// In each language: loads the same page again, does what makes the server tell its lie, and waits for what is said.
/// `provoke` gets the language.
async fn is_told_in_both_languages(person: &Person, key: &str, provoke: impl AsyncFn(&str)) {
    for language in LANGUAGES {
        person.read_pages_in(language).await;
        provoke(language).await;
        person.until_told(word(language, &format!("word-{key}"))).await;
        show(&person.tab, &format!("{key}-{language}")).await;
    }
}

/// From now on the server answers each post of a message by this, and keeps none.
fn refuse_posts(proxy: &Proxy, code: ProblemCode) {
    let kind = format!("/problems#{}", code.as_str());
    let (title, detail) = ("Refused.".to_owned(), "Try again.".to_owned());
    let accounts = Vec::new();
    let problem = Problem { kind, code, status: code.status(), title, detail, retry_after: None, accounts };
    proxy.answer_instead("POST", "/messages", Answer::of(code.status(), &problem));
}

/// Sends again what the open conversation shows as not sent, one after the other.
async fn retry_all(person: &Person) {
    let failed = "document.querySelectorAll('[data-mark=failed] [data-retry]').length";
    while person.tab.ask(failed, vec![]).await.as_u64().is_some_and(|left| left > 0) {
        let before = person.tab.ask(failed, vec![]).await;
        person.tab.click("[data-mark=failed] [data-retry]").await;
        person.tab.until("it to be sent again", &format!("{failed} !== a[0]"), vec![before]).await;
    }
}
