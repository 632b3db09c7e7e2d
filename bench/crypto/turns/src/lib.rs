//! Owns what is measured, no matter whose sessions they are, and the two ways to be driven: natively as a program that waits
//! for its turn, in the browser as exports. Two programs and two modules, so that neither's features reach the other's
//! dependencies.

use std::{
    io::{BufRead as _, Write as _},
    time::Instant,
};

/// What every message holds.
pub const CONTENT: [u8; 1024] = [b'm'; 1024];

/// Alice and Bob, acquainted, and what is under way from her to him. Each answers `None` when anything went wrong: a
/// fast failure must not pass for a fast success.
pub trait Workloads: Sized {
    fn begin() -> Option<Self>;
    /// So many messages, in order; they stay under way.
    fn seal(&mut self, count: usize) -> Option<()>;
    /// Everything under way, in order.
    fn open(&mut self) -> Option<()>;
    /// A message there and one back, so many times: two ratchet turns each.
    fn ping_pong(&mut self, count: usize) -> Option<()>;
    /// Not measured: what so many set-ups use up, at most 50 at once.
    fn prepare(&mut self, count: usize) -> Option<()>;
    /// A session begun, its pre-key message sealed and accepted, for each that was prepared.
    fn set_up(&mut self) -> Option<()>;

    /// Not measured: one device of a group of 50 members with two devices each has a text to send. `None` from what knows
    /// no groups.
    fn write(&mut self) -> Option<()> {
        None
    }

    /// That text sealed for all other devices: a whole step of the messenger, up to the body of the post.
    fn say(&mut self) -> Option<()> {
        None
    }

    /// The records of that step sealed, as the browser seals them before it writes them.
    fn keep(&mut self) -> Option<()> {
        None
    }
}

/// Reads lines such as `seal 500`, and answers each with the microseconds that one of them took, or `failed`.
pub fn take_turns<W: Workloads>() -> std::io::Result<()> {
    let mut bench = W::begin();
    let mut answers = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match bench.as_mut().and_then(|bench| turn(bench, &line)) {
            Some(micros) => writeln!(answers, "{micros:.4}")?,
            None => writeln!(answers, "failed")?,
        }
        answers.flush()?;
    }
    Ok(())
}

fn turn(bench: &mut impl Workloads, line: &str) -> Option<f64> {
    let (what, count) = line.split_once(' ')?;
    let count: u32 = count.parse().ok()?;
    let times = count as usize;
    let begin = Instant::now();
    match what {
        "seal" => bench.seal(times)?,
        "open" => bench.open()?,
        "ping-pong" => bench.ping_pong(times)?,
        "prepare" => bench.prepare(times)?,
        "set-up" => bench.set_up()?,
        "write" => bench.write()?,
        "say" => bench.say()?,
        "keep" => bench.keep()?,
        _ => return None,
    }
    Some(begin.elapsed().as_secs_f64() * 1e6 / f64::from(count))
}

/// The browser module's exports.
#[macro_export]
macro_rules! exports {
    ($bench:ty) => {
        #[cfg(target_arch = "wasm32")]
        mod exports {
            use bench_turns::Workloads as _;
            use wasm_bindgen::prelude::wasm_bindgen;

            #[wasm_bindgen]
            pub struct Bench($bench);

            #[wasm_bindgen]
            impl Bench {
                pub fn begin() -> Option<Bench> {
                    <$bench>::begin().map(Bench)
                }

                pub fn seal(&mut self, count: usize) -> bool {
                    self.0.seal(count).is_some()
                }

                pub fn open(&mut self) -> bool {
                    self.0.open().is_some()
                }

                pub fn ping_pong(&mut self, count: usize) -> bool {
                    self.0.ping_pong(count).is_some()
                }

                pub fn prepare(&mut self, count: usize) -> bool {
                    self.0.prepare(count).is_some()
                }

                pub fn set_up(&mut self) -> bool {
                    self.0.set_up().is_some()
                }

                pub fn write(&mut self) -> bool {
                    self.0.write().is_some()
                }

                pub fn say(&mut self) -> bool {
                    self.0.say().is_some()
                }

                pub fn keep(&mut self) -> bool {
                    self.0.keep().is_some()
                }
            }
        }
    };
}
