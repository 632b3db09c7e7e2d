//! Published test vectors against the cryptography that Cliquet ships: natively, and in a browser as WASM.
//!
//! Every case runs through `web-crypto`'s own functions where they can hold it. What they refuse by the type (a nonce of
//! another length, say) goes to the primitive beneath, built with the same features. Only tests use this crate.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "only tests use this crate")]

mod aes_gcm;
#[cfg(target_arch = "wasm32")]
pub mod browser;
mod hkdf;
mod hmac;
mod ml_kem;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
mod report;
mod rfc;
pub mod rsa_pss;
mod x25519;

pub use report::{Decision, Published, Report, Verdict};

/// Everything that is arithmetic in Rust: the same code natively and in the browser.
pub fn arithmetic() -> Vec<Report> {
    vec![
        x25519::wycheproof(),
        rfc::x25519(),
        aes_gcm::wycheproof(),
        hkdf::wycheproof(),
        rfc::hkdf(),
        hmac::wycheproof(),
        rfc::hmac(),
        ml_kem::keys(),
        ml_kem::encapsulation(),
        ml_kem::decapsulation(),
        ml_kem::expanded_keys(),
    ]
}

/// Algorithm, source, published cases, those of them that are ours.
pub type Cases = (&'static str, &'static str, usize, usize);

/// What the sources contain at the version in `Cargo.lock`, and how much of it is of our algorithms. A newer version with
/// other cases shows here before anything is silently left out.
pub const CASES: [Cases; 13] = [
    ("X25519", "Wycheproof", 518, 518),
    ("X25519", "RFC 7748", 5, 5),
    ("AES-GCM", "Wycheproof", 316, 105),
    ("HKDF-SHA-256", "Wycheproof", 86, 86),
    ("HKDF-SHA-256", "RFC 5869", 3, 3),
    ("HMAC-SHA-256", "Wycheproof", 174, 174),
    ("HMAC-SHA-256", "RFC 4231", 7, 7),
    ("ML-KEM-768 keys", "Wycheproof", 100, 100),
    ("ML-KEM-768 encapsulation", "Wycheproof", 265, 265),
    ("ML-KEM-768 decapsulation", "Wycheproof", 201, 201),
    ("ML-KEM-768 expanded keys", "Wycheproof", 9, 9),
    ("RSASSA-PSS", "Wycheproof", 1154, 1154),
    ("RSASSA-PSS by account keys", "Wycheproof", 1154, 1154),
];

/// These are all reports, in the order of [`CASES`], with all their cases and without a failure.
pub fn check(reports: &[Report]) -> Result<(), String> {
    check_some(reports, &CASES)
}

/// These are the reports of exactly these cases.
pub fn check_some(reports: &[Report], cases: &[Cases]) -> Result<(), String> {
    let faults: Vec<String> = reports.iter().filter_map(|report| report.check().err()).collect();
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    let found = |report: &Report| (report.algorithm.clone(), report.source.clone(), report.published, report.ours());
    let found: Vec<_> = reports.iter().map(found).collect();
    let expected: Vec<_> = cases
        .iter()
        .map(|(name, source, published, ours)| (name.to_string(), source.to_string(), *published, *ours))
        .collect();
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}\nfound    {found:?}")) }
}

/// A line for each decision, with the totals of all reports at the end.
pub fn words(reports: &[Report]) -> String {
    let sum = |count: fn(&Report) -> usize| reports.iter().map(count).sum::<usize>();
    let (published, ours, failed) =
        (sum(|report| report.published), sum(Report::ours), sum(|report| report.failures.len()));
    let each: String = reports.iter().map(ToString::to_string).collect();
    format!("{each}in all {published} cases, {ours} ours, {failed} failed\n")
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// `Ok` if both are the same.
fn same(what: &str, found: &[u8], published: &[u8]) -> Result<(), String> {
    if found == published { Ok(()) } else { Err(format!("another {what} than published")) }
}
