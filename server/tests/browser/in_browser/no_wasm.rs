//! Without its code, a page sends nothing and says why.

use crate::canaries::shows;
use crate::proxy::Wasm;
use crate::stage::Stage;
use serde_json::json;

const TYPED: &str = "canary typed without any encryption";

/// Everything a person or an extension could try to make a page send what was typed where secrets are typed.
const TRY_HARD: &str = "(() => {
    const fields = document.querySelectorAll('[data-password], [data-password-again], [data-email], [data-draft]');
    for (const field of fields) {
        field.value = a[0];
        for (const name of ['input', 'change', 'blur'])
            field.dispatchEvent(new Event(name, { bubbles: true }));
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    }
    for (const form of document.querySelectorAll('#sign-in, #sign-up, [data-composer]')) {
        for (const button of form.querySelectorAll('button')) button.click();
        for (const fieldset of form.querySelectorAll('fieldset')) fieldset.disabled = false;
        try { form.requestSubmit() } catch {}
    }
    return fields.length;
})()";

async fn says_why_and_sends_nothing(stage: &Stage, tab: &crate::browser::Tab) {
    tab.until_shown("#wasm-failed").await;
    let words = tab.ask("document.querySelector('#wasm-failed').textContent.trim().length", vec![]).await;
    assert!(words.as_u64().unwrap() > 20, "the page does not say why");
    let open = tab.ask("document.querySelectorAll('fieldset:enabled').length", vec![]).await;
    assert_eq!(open, 0, "something can be typed into");

    tab.ask(TRY_HARD, vec![TYPED.into()]).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    for exchange in stage.proxy.exchanges() {
        let request = [exchange.request_head.as_bytes(), &exchange.request_body].concat();
        assert!(!shows(&request, TYPED.as_bytes()), "{} {} carries what was typed", exchange.method, exchange.target);
    }
}

async fn nothing_leaves_sign_in_and_home(wasm: Wasm) {
    let stage = Stage::set().await;
    let alice = stage.person("alice").await;
    alice.sign_up().await;
    let bob = stage.person("bob").await;
    bob.sign_up().await;
    alice.add(&bob).await;

    stage.proxy.spoil_wasm(wasm);
    alice.tab.devtools("Network.clearBrowserCache", json!({})).await;
    // Nor from what the service worker keeps: it would open home with the whole module, as it should.
    let kept = json!({ "origin": alice.url(""), "storageTypes": "service_workers,cache_storage" });
    alice.tab.devtools("Storage.clearDataForOrigin", kept).await;
    for path in ["/home", &format!("/home?with={}", bob.email)] {
        alice.tab.goto(&alice.url(path)).await;
        says_why_and_sends_nothing(&stage, &alice.tab).await;
    }
    alice.tab.forget_cookies().await;
    for path in ["/sign-in", "/sign-up"] {
        alice.tab.goto(&alice.url(path)).await;
        says_why_and_sends_nothing(&stage, &alice.tab).await;
        let fields = alice.tab.ask("document.querySelectorAll('[data-password]').length", vec![]).await;
        assert_ne!(fields, 0, "there was nothing to type into; the test shows nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_module_corrupted_nothing_that_was_typed_leaves_the_page() {
    nothing_leaves_sign_in_and_home(Wasm::HalfMissing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_module_blocked_nothing_that_was_typed_leaves_the_page() {
    nothing_leaves_sign_in_and_home(Wasm::Blocked).await;
}
