//! What the server says on standard error: its own lines, and nobody else's.
//!
//! Rocket logs the path of every request, and of every one that no route takes even when told to be quiet; paths hold
//! addresses. So its lines are not printed unless `log_level = "debug"` asks for them, while developing.

use log::{LevelFilter, Log, Metadata, Record};
use rocket::config::LogLevel;

struct Logger;

/// All our crates' names begin so.
const OURS: &str = "cliquet";

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(OURS)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            eprintln!("{}: {}", record.level().as_str().to_lowercase(), record.args());
        }
    }

    fn flush(&self) {}
}

pub(crate) fn start(level: LogLevel) {
    let most = match level {
        LogLevel::Off => LevelFilter::Off,
        LogLevel::Critical => LevelFilter::Warn,
        LogLevel::Normal => LevelFilter::Info,
        // Rocket's own logger, which it sets when nobody has.
        LogLevel::Debug => return,
    };
    // Fails only where there is a logger already, and this is the first thing that is done.
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(most);
    }
}
