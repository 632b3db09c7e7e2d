//! The content security policy holds without ever being hit.

use crate::stage::Stage;

/// Kept over page loads, in the tab's own memory.
const WATCH: &str = "document.addEventListener('securitypolicyviolation', event => {
    const seen = JSON.parse(sessionStorage.getItem('violations') || '[]');
    seen.push(event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile + ':' + event.lineNumber);
    sessionStorage.setItem('violations', JSON.stringify(seen));
});";

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_conversation_meets_no_policy_violation_and_no_error_in_the_console() {
    let stage = Stage::set().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    for person in [&alice, &bob] {
        person.tab.before_each_page(WATCH).await;
        person.sign_up().await;
    }
    crate::person::meet(&alice, &bob).await;
    alice.send("hello").await;
    bob.until_reads(&["hello"]).await;
    bob.send("hello yourself").await;
    alice.until_reads(&["hello", "hello yourself"]).await;
    alice.tab.click("[data-safety-number]").await;
    for path in ["/devices", "/transparency", "/home"] {
        alice.tab.goto(&alice.url(path)).await;
    }
    alice.until_home().await;
    let mut faults = Vec::new();
    for person in [&alice, &bob] {
        let seen = person.tab.ask("JSON.parse(sessionStorage.getItem('violations') || '[]')", vec![]).await;
        faults.extend(seen.as_array().unwrap().iter().map(ToString::to_string));
        faults.extend(person.tab.console().await);
    }
    assert!(faults.is_empty(), "{faults:#?}");

    // The watch itself works: a style attribute from markup is what the policy refuses.
    alice.tab.ask("document.body.setAttribute('style', 'color: red')", vec![]).await;
    alice.tab.until("the policy to refuse a style", "sessionStorage.getItem('violations')", vec![]).await;
}
