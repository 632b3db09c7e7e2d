//! An error with its causes, for a log or a terminal.

use std::error::Error;

/// The error and what caused it, from the outermost to the innermost, on one line.
pub fn on_one_line(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
