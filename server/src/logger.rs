//! What the server says on standard error: its own lines, and nobody else's.
//!
//! Owns how a line is written. Rocket logs the path of every request, and of every one that no route takes even when
//! told to be quiet; paths hold addresses. So its lines are not printed unless `log_level = "debug"` asks for them,
//! while developing.

use cliquet_server::config::LogFormat;
use rocket::config::LogLevel;
use std::{
    fmt::{self, Debug, Write as _},
    io::stderr,
    panic,
    sync::atomic::{AtomicBool, Ordering},
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_log::LogTracer;
use tracing_subscriber::{
    Layer as _, Registry,
    filter::{LevelFilter, Targets},
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

/// All our crates' names begin so.
const OURS: &str = "cliquet";

/// The first thing that is done: what was said before is lost.
pub(crate) fn start(level: LogLevel, format: LogFormat) {
    let ours = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Critical => LevelFilter::WARN,
        LogLevel::Normal => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::TRACE,
    };
    let others = match (level, format) {
        // Rocket's own logger, which it sets when nobody has. It prints our lines too.
        (LogLevel::Debug, LogFormat::Plain) => return,
        (LogLevel::Debug, LogFormat::Json) => LevelFilter::TRACE,
        _ => LevelFilter::OFF,
    };
    let wanted = Targets::new().with_default(others).with_target(OURS, ours);
    // Either fails only where there is a logger already, and this is the first thing that is done.
    let _ = match format {
        LogFormat::Plain => {
            let lines = tracing_subscriber::fmt::layer().event_format(PlainLines).with_writer(stderr);
            Registry::default().with(lines.with_filter(wanted)).try_init()
        }
        LogFormat::Json => {
            IS_JSON.store(true, Ordering::Relaxed);
            let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
            let lines = lines.with_span_list(false).with_writer(stderr);
            panic::set_hook(Box::new(|panic| {
                let place = panic.location().map(ToString::to_string);
                let said = panic.payload_as_str().unwrap_or_default();
                tracing::error!(place, cause = said, "a thread panicked");
            }));
            Registry::default().with(lines.with_filter(wanted)).try_init()
        }
    };
    // Keeps Rocket from setting its own. What the level leaves out is not even written.
    let most = if others == LevelFilter::OFF { log::LevelFilter::Off } else { log::LevelFilter::Trace };
    let _ = LogTracer::builder().with_max_level(most).init();
}

/// Whether what is said is for programs.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// The last words of a program that failed, whatever the level.
pub(crate) fn fail(cause: &str) {
    if IS_JSON.load(Ordering::Relaxed) && tracing::enabled!(Level::ERROR) {
        tracing::error!(cause, "cliquet ends");
    } else {
        eprintln!("cliquet: {cause}\n`cliquet doctor` may say more.");
    }
}

/// The level, what is said, and its cause if it has one. Other fields are for programs; what people need of them is in
/// what is said.
struct PlainLines;

impl<S, N> FormatEvent<S, N> for PlainLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let level = event.metadata().level().as_str().to_lowercase();
        let Said { message, cause } = said;
        let between = if cause.is_empty() { "" } else { ": " };
        writeln!(writer, "{level}: {message}{between}{cause}")
    }
}

#[derive(Default)]
struct Said {
    message: String,
    cause: String,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let into = match field.name() {
            "message" => &mut self.message,
            "cause" => &mut self.cause,
            _ => return,
        };
        // Into a text it does not fail.
        let _ = write!(into, "{value:?}");
    }
}
