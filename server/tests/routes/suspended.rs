//! An account that the host keeps out.

use crate::support::house::{PASSWORD, TestServer};
use cliquet_server::accounts;
use cliquet_wire::{problem::ProblemCode::*, sign_in::SignedIn};

#[rocket::async_test]
async fn nobody_signs_in_to_a_suspended_account_and_only_its_owner_is_told_why() {
    let server = TestServer::start().await;
    let alice = server.sign_up("alice@example.org").await;
    let account = server.suspend(&alice);
    let before = server.rows();
    server.sign_in("alice@example.org", PASSWORD, Some(&alice.identity)).await.expect_problem(AccountSuspended);
    server.sign_in("alice@example.org", PASSWORD, None).await.expect_problem(AccountSuspended);
    server.sign_in("alice@example.org", b"not her password", None).await.expect_problem(SignInRefused);
    assert_eq!(server.rows(), before);
    assert!(accounts::resume(&server.database(), account).unwrap());
    assert!(!accounts::resume(&server.database(), account).unwrap());
    let signed_in: SignedIn = server.sign_in("alice@example.org", PASSWORD, Some(&alice.identity)).await.expect(200);
    assert_eq!(signed_in.device, Some(alice.device()));
}
