//! How a person shows themselves to the people they write to: a name, a line, a picture.

use super::cbor::{self, LoadError};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// Bytes of the name that a person gives themselves.
pub const PROFILE_NAME_BYTES_MAX: usize = 96;
/// Bytes of the line that a person says of themselves.
pub const PROFILE_ABOUT_BYTES_MAX: usize = 280;
/// Bytes of a picture: a JPEG.
pub const PROFILE_PICTURE_BYTES_MAX: usize = 20 * 1024;
/// Pixels of a picture in each direction. A few bytes can claim a picture that fills a memory.
pub const PROFILE_PICTURE_SIDE_MAX: usize = 512;

/// What a person shows of themselves. Own devices tell one another, and the vault tells a new one.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Profile {
    /// Grows with each change. Of two the higher counts; it is the first field, so that the order of two profiles is the
    /// order of their decisions.
    #[n(0)]
    pub decided: u64,
    /// At most [`PROFILE_NAME_BYTES_MAX`].
    #[n(1)]
    pub name: Option<String>,
    /// At most [`PROFILE_ABOUT_BYTES_MAX`].
    #[n(2)]
    pub about: Option<String>,
    /// A JPEG of at most [`PROFILE_PICTURE_BYTES_MAX`].
    #[cbor(n(3), with = "minicbor::bytes")]
    pub picture: Option<Vec<u8>>,
}

/// The name alone, which lists need at once. The vault has it of each contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct ProfileName {
    /// That of the profile. Zero: there is none.
    #[n(0)]
    pub decided: u64,
    /// As in the profile.
    #[n(1)]
    pub name: Option<String>,
}

impl cbor::Record for Profile {
    const VERSION: u32 = 1;
}

impl Profile {
    /// From a record.
    ///
    /// # Errors
    /// When it has no known form, or a later one.
    pub fn load(value: &[u8]) -> Result<Self, LoadError> {
        cbor::load(value)
    }

    /// A record.
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        cbor::save(self)
    }

    /// Whether each part is short enough.
    pub fn fits(&self) -> bool {
        let within = |text: &Option<String>, max| text.as_ref().is_none_or(|text: &String| text.len() <= max);
        within(&self.name, PROFILE_NAME_BYTES_MAX)
            && within(&self.about, PROFILE_ABOUT_BYTES_MAX)
            && self.picture.as_ref().is_none_or(|picture| picture.len() <= PROFILE_PICTURE_BYTES_MAX)
    }

    /// The same without what could mislead: characters that turn the direction of what is beside them, or that nobody
    /// sees, and bytes that are no picture. A text of which nothing is left is none.
    #[must_use]
    pub fn cleaned(self) -> Self {
        Self {
            decided: self.decided,
            name: self.name.and_then(|name| clean(&name)),
            about: self.about.and_then(|about| clean(&about)),
            picture: self.picture.filter(|picture| is_small_jpeg(picture)),
        }
    }

    /// The name alone.
    pub fn name(&self) -> ProfileName {
        ProfileName { decided: self.decided, name: self.name.clone() }
    }
}

/// A text as it is shown: one line, its words separated by single spaces, without characters that could mislead. `None`:
/// nothing is left.
pub fn clean(text: &str) -> Option<String> {
    let seen: String = text.chars().filter(|char| !is_hidden(*char)).collect();
    let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// The same for a text of several lines: each as above, with at most one empty line between two others.
pub fn clean_lines(text: &str) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().map(|line| clean(line).unwrap_or_default()) {
        // None at the beginning, and no two in a row.
        if !line.is_empty() || lines.last().is_some_and(|above| !above.is_empty()) {
            lines.push(line);
        }
    }
    let whole = lines.join("\n");
    Some(whole.trim_end().to_owned()).filter(|whole| !whole.is_empty())
}

/// Control characters other than white space, marks of direction (Unicode 16, chapter 23.2), and other characters without
/// a shape. The joiners stay: emoji and several scripts need them.
fn is_hidden(char: char) -> bool {
    char.is_control() && !char.is_whitespace()
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}')
        || matches!(char, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether these bytes begin like a JPEG that says it is no larger than [`PROFILE_PICTURE_SIDE_MAX`] each way. The browser
/// decodes it, and shows nothing where that fails.
pub fn is_small_jpeg(picture: &[u8]) -> bool {
    let is_jpeg = imagesize::image_type(picture).is_ok_and(|kind| kind == imagesize::ImageType::Jpeg);
    let fits = |size: imagesize::ImageSize| {
        (1..=PROFILE_PICTURE_SIDE_MAX).contains(&size.width) && (1..=PROFILE_PICTURE_SIDE_MAX).contains(&size.height)
    };
    is_jpeg && imagesize::blob_size(picture).is_ok_and(fits)
}

/// A person's name and face are personal.
impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").field("decided", &self.decided).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a JPEG of this size: start of image, and a baseline frame (ITU-T T.81, B.2.2).
    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let ([a, b], [c, d]) = (height.to_be_bytes(), width.to_be_bytes());
        vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, a, b, c, d, 1, 1, 0x11, 0, 0xff, 0xd9]
    }

    fn named(name: &str) -> Option<String> {
        Profile { name: Some(name.into()), ..Profile::default() }.cleaned().name
    }

    #[test]
    fn a_name_keeps_its_letters_and_loses_what_turns_or_hides() {
        assert_eq!(named("  Zoé \t de\nla  Tour ").as_deref(), Some("Zoé de la Tour"));
        assert_eq!(named("bob\u{202e}gro.elpmaxe@\u{2066}x\u{2069}").as_deref(), Some("bobgro.elpmaxe@x"));
        assert_eq!(named("a\u{0}\u{7}b\u{200b}c\u{feff}").as_deref(), Some("abc"));
        assert_eq!(named("👩\u{200d}💻").as_deref(), Some("👩\u{200d}💻"), "emoji are joined");
        assert_eq!(named("שלום").as_deref(), Some("שלום"));
        for empty in ["", "  ", "\u{3164}", "\u{200f}\u{200e}"] {
            assert_eq!(named(empty), None, "{empty:?}");
        }
    }

    #[test]
    fn a_text_keeps_its_lines_and_one_empty_line_between_two() {
        assert_eq!(clean_lines("\n  Walks \t of\r\n\n \n\u{202e}Sunday\n").as_deref(), Some("Walks of\n\nSunday"));
        assert_eq!(clean_lines("One").as_deref(), Some("One"));
        for empty in ["", " \n\n", "\u{200b}\n\u{3164}"] {
            assert_eq!(clean_lines(empty), None, "{empty:?}");
        }
        // What is clean stays as it is.
        for clean in ["One", "One\nTwo", "One\n\nTwo"] {
            assert_eq!(clean_lines(clean).as_deref(), Some(clean));
        }
    }

    #[test]
    fn only_a_small_jpeg_is_a_picture() {
        let kept = |picture: Vec<u8>| Profile { picture: Some(picture), ..Profile::default() }.cleaned().picture;
        let side = PROFILE_PICTURE_SIDE_MAX as u16;
        assert!(kept(jpeg(side, side)).is_some());
        for (width, height) in [(side + 1, 1), (1, side + 1), (u16::MAX, u16::MAX), (0, 1)] {
            assert_eq!(kept(jpeg(width, height)), None, "{width} by {height}");
        }
        let whole = jpeg(9, 9);
        for length in 0..11 {
            assert_eq!(kept(whole[..length].into()), None, "{length} bytes of one");
        }
        for other in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"GIF89a\x01\0\x01\0", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(kept(other.into()), None);
        }
    }

    #[test]
    fn each_part_at_its_limit_fits_and_past_it_does_not() {
        let of = |name, about, picture| Profile {
            decided: 1,
            name: Some("a".repeat(name)),
            about: Some("b".repeat(about)),
            picture: Some(vec![0; picture]),
        };
        let (name, about, picture) = (PROFILE_NAME_BYTES_MAX, PROFILE_ABOUT_BYTES_MAX, PROFILE_PICTURE_BYTES_MAX);
        assert!(of(name, about, picture).fits());
        for past in [of(name + 1, about, picture), of(name, about + 1, picture), of(name, about, picture + 1)] {
            assert!(!past.fits());
        }
    }
}
