//! A part of the history that is withheld.

use crate::eventually::{PATIENCE, eventually};
use crate::picture::show;
use crate::proxy::Answer;
use crate::stage::Stage;
use crate::word::{LANGUAGES, word};
use cliquet_wire::history::History;

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_history_that_is_withheld_from_a_new_device_is_said_and_what_came_stays() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    for text in ["one", "two"] {
        alice.send(text).await;
        bob.until_hears(text).await;
        alice.until_kept(&stage.proxy).await;
    }
    for language in LANGUAGES {
        alice.forget_everything().await;
        stage.proxy.rewrite("GET", "/history", |asked, answer| {
            let newest = answer.read::<History>().filter(|it| asked.target == "/history" && !it.segments.is_empty());
            let Some(mut history) = newest else { return };
            history.segments.remove(0);
            *answer = Answer::of(answer.status, &history);
        });
        alice.tab.ask("document.cookie = `language=${a[0]}; path=/`", vec![language.into()]).await;
        alice.try_sign_in(&alice.password).await;
        alice.until_home().await;
        alice.until_told(word(language, "word-history-withheld")).await;
        alice.open(&bob).await;
        alice.until_reads_among(&["one"]).await;
        show(&alice.tab, &format!("history-withheld-{language}")).await;
        // The pane that it is looked after on says how much.
        alice.tab.goto(&alice.url("/home?show=safety")).await;
        let missing = word(language, "word-history-last-missing").replace("$count", "1");
        let missing = missing.split("$ago").last().unwrap_or_default();
        let says = "document.querySelector('[data-history-checked]')?.textContent.endsWith(a[0])";
        alice.tab.until("the pane to say it", says, vec![missing.into()]).await;
        stage.proxy.be_honest();
    }
    alice.forget_everything().await;
    alice.try_sign_in(&alice.password).await;
    alice.until_home().await;
    alice.open(&bob).await;
    let whole = async || match alice.records_kept(&["messages/"]).await {
        2.. => Ok(()),
        fewer => Err(fewer),
    };
    eventually("all of the history", PATIENCE, whole).await.unwrap();
    alice.until_reads_among(&["one", "two"]).await;
    assert_eq!(alice.tab.ask("document.getElementById('notice').textContent", vec![]).await, "");
}
