//! A vault that was altered where it is kept: said, offered in an earlier state, and put back by a device that knows it.

use crate::picture::show;
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute: cargo xtask soak stories"]
async fn an_altered_vault_is_put_back_by_a_second_press_and_by_a_device_that_knows_it() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    alice.send("before").await;
    bob.until_reads(&["before"]).await;
    alice.until_kept(&stage.proxy).await;
    // Nobody of hers is there to notice.
    alice.tab.goto(&alice.url("/health")).await;
    let database = rusqlite::Connection::open(stage.server.data_dir().join("cliquet.db")).unwrap();
    let alter =
        "UPDATE accounts SET vault = CAST(substr(vault, 1, length(vault) - 4) || x'00000000' AS BLOB) WHERE email = ?1";
    assert_eq!(database.execute(alter, [&alice.email]).unwrap(), 1);
    let altered = || -> bool {
        let sql = "SELECT substr(vault, -4) = x'00000000' FROM accounts WHERE email = ?1";
        database.query_row(sql, [&alice.email], |row| row.get(0)).unwrap()
    };

    let mut fresh = stage.person("fresh").await;
    (fresh.email, fresh.password) = (alice.email.clone(), alice.password.clone());
    fresh.try_sign_in(&fresh.password).await;
    let told = "/was altered.*replaced on \\d+ [A-Z][a-z]+ 20\\d\\d.*Press again/.test(\
        document.querySelector('.form-error').textContent)";
    fresh.tab.until("the earlier state to be offered", told, vec![]).await;
    assert!(altered(), "nothing is changed before the person agrees");
    show(&fresh.tab, "earlier-vault").await;
    fresh.tab.click("form#sign-in [type=submit]").await;
    fresh.until_home().await;
    assert!(!altered());

    // A device that is there notices by itself, and needs nobody: neither a person nor the other device.
    fresh.tab.goto(&fresh.url("/health")).await;
    alice.tab.goto(&alice.url("/home")).await;
    alice.until_home().await;
    alice.open(&bob).await;
    alice.until_reads_among(&["before"]).await;
    assert_eq!(database.execute(alter, [&alice.email]).unwrap(), 1);
    alice.send("after").await;
    bob.until_hears("after").await;
    let said = "document.querySelector('#notice').textContent.includes('has put back what it knew')";
    alice.tab.until("what was altered to be said", said, vec![]).await;
    assert!(!altered());
    show(&alice.tab, "vault-put-back").await;
}
