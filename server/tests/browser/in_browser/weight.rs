//! What a page weighs on the wire, heads included.

use crate::proxy::{Exchange, header};
use crate::stage::Stage;
use std::collections::BTreeMap;
use std::path::Path;

/// The first page, everything included. The goal is 65,000; what is held is what was measured.
const SIGN_IN_BYTES_MAX: usize = 49_500;
/// Everything from there to a working home, by way of a new account. The goal is 170,000.
const HOME_BYTES_MAX: usize = 532_000;
/// A chunk, which is fetched when something rare is done.
const CHUNK_BYTES_MAX: usize = 86_000;
/// All modules, chunks and scripts together. The goal is 300,000.
const ALL_BYTES_MAX: usize = 876_000;

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
    alice.tab.until_shown("form#sign-in [type=submit]:enabled").await;
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

/// The compressed files of what pages run, by plain name.
fn programs() -> BTreeMap<String, usize> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/web");
    let manifest = std::fs::read_to_string(web.join("manifest.json")).unwrap();
    let names: BTreeMap<String, String> = serde_json::from_str(&manifest).unwrap();
    let programs = names.into_iter().filter(|(name, _)| name.ends_with(".js") || name.ends_with(".wasm"));
    let size = |hashed: &str| std::fs::metadata(web.join(format!("{hashed}.br"))).unwrap().len();
    programs.map(|(name, hashed)| (name, usize::try_from(size(&hashed)).unwrap())).collect()
}

#[test]
fn every_chunk_and_all_programs_together_are_light() {
    let programs = programs();
    for (name, bytes) in &programs {
        println!("{bytes:>7}  {name}");
    }
    let all: usize = programs.values().sum();
    println!("all together: {all} bytes");
    let chunks = programs.iter().filter(|(name, _)| name.ends_with(".wasm") && !name.ends_with("_bg.wasm"));
    let heavy: Vec<_> = chunks.clone().filter(|(_, bytes)| **bytes > CHUNK_BYTES_MAX).collect();
    assert_ne!(chunks.count(), 0, "nothing was split");
    assert!(heavy.is_empty(), "these chunks weigh too much: {heavy:?}");
    assert!(all <= ALL_BYTES_MAX, "all programs together weigh {all} bytes");
}
