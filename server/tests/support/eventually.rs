//! Owns waiting for what a page will show: asks again until it is so, or says what was last seen instead.

use std::fmt::Debug;
use std::future::Future;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

pub(crate) use super::PATIENCE;
/// A look costs, most of all in a browser that is at work: the longer it takes, the rarer they are.
const PAUSE: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_millis(400);

/// `Ok(value)` ends the wait; `Err(seen)` is what to report if time runs out.
pub(crate) async fn eventually<T, S: Debug, F: Future<Output = Result<T, S>>>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> F,
) -> Result<T, String> {
    let start = Instant::now();
    loop {
        match look().await {
            Ok(value) => return Ok(value),
            Err(seen) if start.elapsed() > patience => {
                return Err(format!("waited {patience:?} for {what}; saw {seen:?}"));
            }
            Err(_) => tokio::time::sleep((start.elapsed() / 10).clamp(*PAUSE.start(), *PAUSE.end())).await,
        }
    }
}
