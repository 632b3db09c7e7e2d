//! The deletion of an account: nothing of it is left in the browser, and the other side is told.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_deleted_with_the_password_and_its_contact_is_told() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("farewell").await;
    bob.until_hears("farewell").await;

    alice.tab.until_pages_are_kept().await;

    alice.tab.goto(&alice.url("/home?show=safety")).await;
    alice.tab.until_shown("#delete-account [type=submit]:enabled").await;
    alice.tab.write("#delete-account [data-password]", "not her password").await;
    alice.tab.click("#delete-account [type=submit]").await;
    let refused = "document.querySelector('#delete-account .form-error').textContent.length > 0";
    alice.tab.until("that the password is wrong", refused, vec![]).await;
    assert_eq!(accounts(&stage), 2, "a wrong password deleted something");

    alice.tab.ask("document.querySelector('#delete-account [data-password]').value = ''", vec![]).await;
    alice.tab.write("#delete-account [data-password]", &alice.password).await;
    alice.tab.click("#delete-account [type=submit]").await;
    alice.tab.until("the sign-in page", "location.pathname === '/sign-in'", vec![]).await;
    alice.tab.until_shown("#account-deleted").await;
    // The service worker's own database stays, but the key of the pages is deleted from it.
    let nothing = "indexedDB.databases().then(all => all.every(({ name }) => name === 'cliquet-pages'))";
    alice.tab.until("that the account's records are gone", nothing, vec![]).await;
    alice.tab.until("that the pages are gone", "caches.has('pages').then(kept => !kept)", vec![]).await;
    let keys = "new Promise((resolve, reject) => {
        const opening = indexedDB.open('cliquet-pages');
        opening.onerror = reject;
        opening.onsuccess = () => {
            const counting = opening.result.transaction('keys').objectStore('keys').count();
            counting.onsuccess = () => resolve(counting.result === 0);
        };
    })";
    alice.tab.until("that the key of the pages is gone", keys, vec![]).await;
    assert_eq!(accounts(&stage), 1);

    // Bob reads what was said, and learns that nobody is there any more.
    bob.send("are you there?").await;
    bob.tab.until_shown(".deleted-banner").await;
    bob.tab.until_shown("form[data-composer] > fieldset:disabled").await;
    bob.until_reads_among(&["farewell", "are you there?"]).await;
    bob.until_marked(&["failed"]).await;
    bob.tab.goto(&bob.url("/home")).await;
    bob.tab.until_shown("#status[data-state=online]").await;
}

fn accounts(stage: &Stage) -> u64 {
    let database = rusqlite::Connection::open(stage.server.data_dir().join("cliquet.db")).unwrap();
    database.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0)).unwrap()
}
