//! Every published vector, natively.

use std::io::Write as _;

#[test]
fn every_published_vector_is_decided_as_it_says_natively() {
    let reports = cliquet_vectors::native::all();
    // Not by `println!`, so that the totals show in a run of all tests as well.
    let words = cliquet_vectors::words(&reports);
    write!(std::io::stdout().lock(), "\nPublished vectors, natively:\n{words}").unwrap();
    if let Err(why) = cliquet_vectors::check(&reports) {
        panic!("{why}");
    }
}

#[test]
fn the_table_in_the_protocol_says_what_is_run() {
    let protocol = include_str!("../../../docs/protocol.md");
    for (algorithm, source, published, ours) in cliquet_vectors::CASES {
        let row = format!("| {algorithm} | {source} | {published} | {ours} | ");
        assert!(protocol.lines().any(|line| line.starts_with(&row)), "docs/protocol.md has no row {row}");
    }
}
