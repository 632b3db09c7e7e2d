//! The native program: waits for its turn on standard input.

fn main() -> std::io::Result<()> {
    bench_turns::take_turns::<bench_vodozemac::Pair>()
}
