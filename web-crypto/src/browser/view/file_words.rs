//! Files in words: what one is, how large, how far it has come, and why it did not come.

use super::{fill::fill, locale, sentences::word};
use crate::{
    browser::{
        app::{
            error::AppError,
            files::{FilesError, Progress},
        },
        platform::error::{HttpError, StoreError},
    },
    crypto::attachment::{Attachment, AttachmentKind},
};
use js_sys::Number;

/// Units of a size, each a thousand of the one before, as file managers count.
const UNITS: [&str; 4] = ["file-bytes", "file-kilobytes", "file-megabytes", "file-gigabytes"];

/// What a file is, for a line that has no room for it: as what it is shown, or its name.
pub fn in_short(kind: AttachmentKind, name: &str) -> String {
    match kind {
        AttachmentKind::Picture => word("file-photo"),
        AttachmentKind::Film => word("file-video"),
        AttachmentKind::Sound => word("file-audio"),
        AttachmentKind::Voice => word("file-voice"),
        AttachmentKind::File => called(name),
    }
}

/// The name of a file, or a word for one without.
pub fn called(name: &str) -> String {
    if name.is_empty() { word("file-unnamed") } else { name.to_owned() }
}

/// What is said of a picture to those who do not see it. Empty: nothing.
pub fn described(attachment: &Attachment) -> &str {
    attachment.description.as_deref().unwrap_or_default()
}

/// A size with its unit: three digits at most.
#[expect(clippy::cast_precision_loss, reason = "it is rounded to three digits")]
pub fn size(bytes: u64) -> String {
    let (mut count, mut unit) = (bytes as f64, 0);
    while count >= 999.5 && unit + 1 < UNITS.len() {
        count /= 1000.0;
        unit += 1;
    }
    let count = if unit > 0 && count < 9.95 { (count * 10.0).round() / 10.0 } else { count.round() };
    let count = String::from(Number::from(count).to_locale_string(&locale::of_page()));
    fill(&word(UNITS.get(unit).copied().unwrap_or("file-bytes")), "count", &count)
}

/// How far something is, of a hundred.
pub fn percent(progress: Progress) -> u64 {
    progress.done.saturating_mul(100).checked_div(progress.of).unwrap_or(0).min(100)
}

/// How far something is, in the sentence with this key.
pub fn progress(key: &str, percent: u64) -> String {
    fill(&word(key), "percent", &percent.to_string())
}

/// Why a file was not sent or opened, and what to do.
pub fn why(error: &FilesError) -> String {
    word(match error {
        FilesError::Empty => "file-empty",
        FilesError::TooLarge { bytes_max } => return fill(&word("file-too-large"), "size", &size(*bytes_max)),
        FilesError::Off => "file-off",
        FilesError::NoRoom { bytes, quota } => {
            let sentence = fill(&word("file-no-room"), "size", &size(quota.saturating_sub(*bytes)));
            return fill(&sentence, "all", &size(*quota));
        }
        FilesError::TooLong => "file-text-too-long",
        FilesError::Gone => "file-gone",
        FilesError::Altered | FilesError::App(AppError::Altered) => "file-altered",
        FilesError::Unreadable => "file-unreadable",
        FilesError::App(AppError::Store(StoreError::Full)) => "storage-full",
        FilesError::App(AppError::NotLoaded) => "part-not-loaded",
        FilesError::App(AppError::Http(HttpError::Problem(problem))) => {
            return [problem.title.as_str(), " ", problem.detail.as_str()].concat();
        }
        FilesError::App(AppError::Http(_)) => "file-no-connection",
        FilesError::NoSuchBytes | FilesError::App(_) => "page-broken",
    })
}
