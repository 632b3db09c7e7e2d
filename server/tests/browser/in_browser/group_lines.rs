//! The lines of a group: whose they are is seen at once.

use super::profiles::{a_picture, until_pictured};
use crate::person::Person;
use crate::picture::show;
use crate::stage::Stage;
use serde_json::json;

/// What WCAG 2.2 asks of text (success criterion 1.4.3).
const CONTRAST_MIN: f64 = 4.5;

/// The least contrast that an author's name has, whatever their colour.
const LEAST_CONTRAST: &str = "(() => {
    const light = color => {
        const parts = color.match(/[0-9.]+/g).slice(0, 3)
            .map(part => part / 255).map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2];
    };
    const line = document.querySelector('[data-sender]:not(.continued)'), own = line.style.getPropertyValue('--hue');
    const paper = light(getComputedStyle(document.body).backgroundColor);
    let least = Infinity;
    for (let hue = 0; hue < 360; hue++) {
        line.style.setProperty('--hue', hue);
        const ink = light(getComputedStyle(line.querySelector('.author')).color);
        least = Math.min(least, (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05));
    }
    line.style.setProperty('--hue', own);
    return least;
})()";

impl Person {
    /// The names and letters that are seen beside the lines; of a picture `img`.
    async fn until_authors(&self, authors: &[(&str, &str)]) {
        let seen = "JSON.stringify([...document.querySelectorAll('.messages .author:not(.own *)')]\
            .filter(author => author.offsetWidth > 1)\
            .map(author => [author.textContent, (avatar => avatar.querySelector('img') ? 'img' : avatar.textContent)\
                (author.parentElement.querySelector('.avatar'))])) === a[0]";
        let wanted = serde_json::to_string(authors).unwrap();
        self.tab.until(&format!("{authors:?}"), seen, vec![wanted.into()]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_avatars_stand_beside_what_others_say_once_for_what_one_says_in_a_row() {
    let (_stage, alice, bob, carol) = Stage::three_who_talk().await;
    alice.open(&bob).await;
    alice.tab.click("[data-safety-number]").await;
    alice.tab.click("[data-command=verify]").await;
    alice.tab.until_shown(".conversation .tag.if-verified").await;
    bob.open_profile().await;
    bob.tab.write("#profile-name", "Bob the walker").await;
    bob.choose_picture(&a_picture()).await;
    until_pictured(&bob.tab, "[data-profile]").await;
    bob.save_profile().await;
    until_pictured(&alice.tab, ".conversation").await;
    alice.make_group("Walks", &[&bob, &carol]).await;
    bob.tab.goto(&bob.url("/home")).await;
    bob.until_home().await;
    bob.open_group("Walks").await;
    carol.open_group("Walks").await;

    for text in ["Shall we go on Sunday?", "There will be sun.", "I know a way along the river."] {
        bob.send(text).await;
    }
    carol.until_hears("I know a way along the river.").await;
    carol.send("I bring cake").await;
    bob.until_hears("I bring cake").await;
    bob.send("Good!").await;
    alice.until_hears("Good!").await;
    // Alice has added Bob; Carol knows him from the group alone.
    alice.until_authors(&[("Bob the walker", "img"), ("carol@example.org", "c"), ("Bob the walker", "img")]).await;
    carol.until_hears("Good!").await;
    // He told the fellow members his name, and his picture is for contacts.
    carol.until_authors(&[("Bob the walker", "B"), ("Bob the walker", "B")]).await;
    show(&alice.tab, "group-authors").await;
    for theme in ["light", "dark"] {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        alice.tab.devtools("Emulation.setEmulatedMedia", features).await;
        let least = alice.tab.ask(LEAST_CONTRAST, vec![]).await.as_f64().unwrap();
        assert!(least >= CONTRAST_MIN, "in {theme}: {least}");
    }
    alice.tab.devtools("Emulation.setEmulatedMedia", json!({ "features": [] })).await;

    alice.tab.click(".message.peer:not(.continued) [data-message-menu]").await;
    alice.tab.click("#message-menu [data-act=select]").await;
    show(&alice.tab, "group-authors-selecting").await;
    alice.tab.click("[data-selection=cancel]").await;

    alice.members().await;
    let verified = "[...document.querySelectorAll('#group-info [data-verified]')].filter(tag => tag.checkVisibility())\
        .map(tag => tag.closest('[data-member]').dataset.member).join() === a[0]";
    alice.tab.until("Bob alone to be verified", verified, vec![bob.email.as_str().into()]).await;
    until_pictured(&alice.tab, &format!("li[data-member='{}']", bob.email)).await;
    show(&alice.tab, "group-verified").await;
}
