//! The server's own verifier of account keys against the published vectors.

use cliquet_server::signatures::Verification;
use cliquet_web_crypto::crypto::rsa::Verifier;
use cliquet_wire::{account_key::AccountKey, bytes::Signature};
use std::io::Write as _;

struct Server;

impl Verifier for Server {
    async fn verify(&self, key: &AccountKey, bytes: &[u8], signature: &Signature) -> bool {
        Verification::with(key).is_ok_and(|verification| verification.check(bytes, signature).is_ok())
    }
}

#[test]
fn the_server_verifies_every_published_signature_as_it_says() {
    let report = cliquet_vectors::native::account_keys(&Server);
    write!(std::io::stdout().lock(), "\nPublished vectors, by the server:\n{report}").unwrap();
    let cases = cliquet_vectors::CASES.iter().filter(|(algorithm, ..)| *algorithm == report.algorithm);
    if let Err(why) = cliquet_vectors::check_some(std::slice::from_ref(&report), &cases.copied().collect::<Vec<_>>()) {
        panic!("{why}");
    }
}
