//! A QR code as a picture of a page.

use qrcode::{Color, QrCode, types::QrError};
use serde::Serialize;
use std::fmt::Write as _;

/// As the path of an SVG, in which each module is a square of one unit.
#[derive(Clone, Debug, Serialize)]
pub(super) struct QrPath {
    /// Units of a side.
    size: usize,
    path: String,
}

impl QrPath {
    /// # Errors
    ///
    /// The text is too long for a code.
    pub(super) fn of(text: &str) -> Result<Self, QrError> {
        let code = QrCode::new(text)?;
        let (size, mut path) = (code.width(), String::new());
        for (place, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                // Writing into a string does not fail.
                let _ = write!(path, "M{} {}h1v1h-1z", place % size, place / size);
            }
        }
        Ok(Self { size, path })
    }
}
