//! What a page weighs on the wire, heads included.

use crate::proxy::{Exchange, header};
use crate::stage::Stage;

/// The first page, everything included.
const SIGN_IN_BYTES_MAX: usize = 100_000;
/// Everything from there to a working home, by way of a new account.
const HOME_BYTES_MAX: usize = 150_000;

fn weight(exchanges: &[Exchange]) -> usize {
    for exchange in exchanges {
        println!("{:>7}  {} {} {}", exchange.response_bytes, exchange.status, exchange.method, exchange.target);
    }
    exchanges.iter().map(|exchange| exchange.response_bytes).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sign_in_page_and_the_way_to_a_working_home_are_light() {
    let stage = Stage::set().await;
    // A browser that was never here.
    let alice = stage.person("alice").await;
    stage.proxy.forget();
    let before = stage.proxy.exchanges().len();

    alice.tab.goto(&alice.url("/sign-in")).await;
    alice.tab.until_shown("form#sign-in > fieldset:enabled").await;
    stage.proxy.until_quiet().await;
    let exchanges = stage.proxy.exchanges()[before..].to_vec();
    let sign_in = weight(&exchanges);
    println!("sign-in page: {sign_in} bytes\n");
    let module = exchanges.iter().find(|exchange| exchange.target.ends_with(".wasm")).unwrap();
    assert_eq!(header(&module.response_head, "content-encoding"), Some("br"));

    alice.sign_up().await;
    stage.proxy.until_quiet().await;
    let home = weight(&stage.proxy.exchanges()[before + exchanges.len()..]);
    println!("from there to a working home: {home} bytes; both: {} bytes", sign_in + home);
    // Both are measured before either is judged.
    assert!(sign_in <= SIGN_IN_BYTES_MAX, "the sign-in page weighs {sign_in} bytes");
    assert!(home <= HOME_BYTES_MAX, "from there to a working home it weighs {home} bytes");
}
