//! The module that a browser loads: everything that is arithmetic as WASM, RSASSA-PSS by WebCrypto.

use crate::rsa_pss;
use cliquet_web_crypto::browser::platform::webcrypto::WebVerifier;
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

/// Every report as JSON, in the order of [`crate::CASES`].
#[wasm_bindgen]
pub async fn vectors() -> String {
    let mut reports = crate::arithmetic();
    reports.push(rsa_pss::primitive(&WebCrypto).await);
    reports.push(rsa_pss::account_keys(&WebVerifier).await);
    serde_json::to_string(&reports).unwrap()
}

/// As `browser::platform::webcrypto` calls it, for keys and salts that are not an account's.
struct WebCrypto;

impl rsa_pss::Primitive for WebCrypto {
    async fn verify(&self, key: &[u8], salt_bytes: usize, bytes: &[u8], signature: &[u8]) -> bool {
        let (subtle, key) = (subtle(), Uint8Array::from(key));
        let imported = dictionary(&[("name", "RSA-PSS".into()), ("hash", "SHA-256".into())]);
        let usages = Array::of1(&"verify".into());
        // A published key that does not import would make every refusal after it worthless, so that ends the run.
        let key = settle(subtle.import_key_with_object("spki", &key, &imported, false, &usages)).await.unwrap();
        let pss = dictionary(&[("name", "RSA-PSS".into()), ("saltLength", (salt_bytes as u32).into())]);
        let (key, data) = (key.unchecked_into::<CryptoKey>(), Uint8Array::from(bytes));
        let answer = subtle.verify_with_object_and_u8_array_and_buffer_source(&pss, &key, signature, &data);
        settle(answer).await.unwrap().is_truthy()
    }
}

fn subtle() -> SubtleCrypto {
    web_sys::window().unwrap().crypto().unwrap().subtle()
}

async fn settle(promise: Result<Promise, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(promise?).await
}

fn dictionary(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in entries {
        Reflect::set(&object, &JsValue::from_str(name), value).unwrap();
    }
    object
}
