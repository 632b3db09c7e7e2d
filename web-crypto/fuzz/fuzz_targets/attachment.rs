//! See `cliquet_trials::targets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cliquet_trials::targets::attachment(bytes));
