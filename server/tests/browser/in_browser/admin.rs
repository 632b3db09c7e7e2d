//! The page of admins.

use crate::picture::show;
use crate::stage::Stage;
use crate::support::program;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute: cargo xtask soak stories"]
async fn an_admin_invites_suspends_and_tells_everyone_something() {
    let (stage, alice, bob) = Stage::two_who_talk().await;
    let promoted = program::cliquet(stage.server.folder()).args(["account", "promote", &alice.email]).output().unwrap();
    assert!(promoted.status.success(), "{}", String::from_utf8_lossy(&promoted.stderr));
    alice.tab.goto(&alice.url("/home")).await;
    alice.until_home().await;
    alice.tab.click(".people .menu > summary").await;
    alice.tab.click(".people .menu-items a[href='/admin']").await;
    alice.tab.until_shown(".admin").await;

    alice.tab.click("form[action='/admin/invites'] button").await;
    alice.tab.until_shown(".made code").await;
    show(&alice.tab, "admin").await;
    alice.tab.click("form[action='/admin/invites/1/revoke'] button").await;
    alice.tab.until_shown(".admin li:has(strong):not(:has(form[action$=revoke]))").await;

    alice.tab.fill("#announcement", "The server is away on Sunday morning.").await;
    alice.tab.click("form[action='/admin/announcement'] button").await;
    alice
        .tab
        .until("the word to be kept", "document.querySelector('.log')?.textContent.includes('Sunday')", vec![])
        .await;
    bob.tab.goto(&bob.url("/home")).await;
    bob.until_home().await;
    bob.tab.until_shown(".announcement").await;
    show(&bob.tab, "announcement").await;

    let line = format!("[data-account='{}']", bob.email);
    alice.tab.click(&format!("{line} summary")).await;
    alice.tab.click(&format!("{line} form button")).await;
    alice.tab.until_shown(&format!("{line} .suspended")).await;
    // Bob's page says so, without being asked.
    bob.tab.until("to be signed out", "document.querySelector('#status').dataset.state === 'signed-out'", vec![]).await;
    alice.tab.click(&format!("{line} form button")).await;
    alice.tab.until_shown(&format!("{line}:not(:has(.suspended))")).await;
}
