//! What the two say, their passwords and their keys: looked for in everything the server got and kept.

use crate::canaries::{contains, shows};
use crate::stage::Stage;
use crate::support::folder::files_under;
use serde_json::Value;

/// Copies of what WebCrypto wraps or exports, and of the randomness that keys are made from, for the test's eyes.
const SPY: &str = "(() => {
    const keep = (kind, bytes) => {
        const kept = JSON.parse(sessionStorage.getItem('spied') || '[]');
        kept.push([kind, [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')]);
        sessionStorage.setItem('spied', JSON.stringify(kept));
    };
    const wrap = SubtleCrypto.prototype.wrapKey, share = SubtleCrypto.prototype.exportKey;
    SubtleCrypto.prototype.wrapKey = async function (format, key, ...rest) {
        keep('private', new Uint8Array(await share.call(this, format, key)));
        return wrap.call(this, format, key, ...rest);
    };
    SubtleCrypto.prototype.exportKey = async function (format, key) {
        const exported = await share.call(this, format, key);
        if (format === 'pkcs8') keep('private', new Uint8Array(exported));
        return exported;
    };
    const random = Crypto.prototype.getRandomValues;
    Crypto.prototype.getRandomValues = function (array) {
        const filled = random.call(this, array);
        if (filled.byteLength >= 32 && location.pathname === '/home') keep('random', new Uint8Array(filled.buffer, filled.byteOffset, filled.byteLength));
        return filled;
    };
})()";

#[tokio::test(flavor = "multi_thread")]
async fn no_text_password_or_private_key_is_in_any_request_file_or_log() {
    let stage = Stage::set().await;
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    for person in [&alice, &bob] {
        person.tab.before_each_page(SPY).await;
        person.sign_up().await;
    }
    crate::person::meet(&alice, &bob).await;
    let texts = ["first canary 3f9a17", "second canary 77e0c2", "third canary b51d08"];
    alice.send(texts[0]).await;
    bob.until_reads(&texts[..1]).await;
    bob.send(texts[1]).await;
    alice.until_reads(&texts[..2]).await;
    // One stays in the mailbox while the files are searched.
    bob.tab.goto(&bob.url("/transparency")).await;
    alice.send(texts[2]).await;
    alice.until_marked(&["delivered", "sent"]).await;

    let mut secrets: Vec<(String, Vec<u8>)> = Vec::new();
    secrets.extend(texts.iter().map(|text| ("text".to_owned(), text.as_bytes().to_vec())));
    for person in [&alice, &bob] {
        secrets.push(("password".to_owned(), person.password.as_bytes().to_vec()));
        secrets.extend(spied(person.tab.ask("JSON.parse(sessionStorage.getItem('spied') || '[]')", vec![]).await));
    }
    let count = |wanted: &str| secrets.iter().filter(|(kind, _)| kind == wanted).count();
    assert!(count("private") >= 2, "no private key was seen; the test shows nothing");
    assert!(count("random") >= 2, "no randomness was seen; the test shows nothing");

    let mut places: Vec<(String, Vec<u8>)> = Vec::new();
    for exchange in stage.proxy.exchanges() {
        let name = format!("{} {}", exchange.method, exchange.target);
        places.push((name, [exchange.request_head.as_bytes(), b"\n", &exchange.request_body].concat()));
    }
    places.push(("the log".to_owned(), stage.server.log().into_bytes()));
    let kept = files_under(&stage.server.data_dir());
    places.extend(kept.into_iter().map(|(path, bytes)| (path.display().to_string(), bytes)));

    for (kind, secret) in &secrets {
        for (place, bytes) in &places {
            assert!(!shows(bytes, secret), "a {kind} is in {place}");
        }
    }
    let found = |word: &str| places.iter().filter(|(_, bytes)| contains(bytes, word.as_bytes())).count();
    assert!(found(&bob.email) >= 2, "not even the address was found: the search looks in the wrong places");
}

/// Of a private key, its last bytes: the head of every PKCS#8 file is the same.
fn spied(value: Value) -> Vec<(String, Vec<u8>)> {
    let pairs: Vec<(String, String)> = serde_json::from_value(value).unwrap();
    let bytes = |hex: &str| -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    };
    pairs.into_iter().map(|(kind, hex)| (kind, bytes(&hex))).map(|(kind, bytes)| (kind, last(&bytes, 64))).collect()
}

fn last(bytes: &[u8], count: usize) -> Vec<u8> {
    bytes[bytes.len().saturating_sub(count)..].to_vec()
}
