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
