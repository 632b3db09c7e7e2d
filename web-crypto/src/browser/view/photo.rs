//! From a file that a person chose to what is sent of it.

use crate::browser::app::files::{FileToSend, FilesError};
use web_sys::{Blob, File};

/// What is sent of a file. `original`: every byte as it is.
///
/// # Errors
/// When the browser cannot read it.
#[expect(clippy::unused_async, reason = "a photo takes time to be made smaller")]
pub async fn to_send(file: &File, original: bool) -> Result<FileToSend<Blob>, FilesError> {
    let _ = original;
    Ok(FileToSend {
        blob: file.clone().into(),
        name: file.name(),
        media_type: file.type_(),
        pixels: None,
        preview: None,
        duration_ms: None,
        waveform: None,
        description: None,
    })
}
