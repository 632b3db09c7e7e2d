//! A file that a message brings: where its bytes are, how they open, and what is shown of it before they come.

use super::{
    keys::Key,
    profile::{clean, clean_lines, is_small_jpeg},
    sealed_file::{FileError, FileLayout},
};
use cliquet_wire::{bytes::Digest, files::FileId};
use minicbor::{Decode, Encode};

/// Bytes of a file's name.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// Bytes of a media type (RFC 6838 section 4.2 allows two names of 127 characters; no registered one has as many).
pub const MEDIA_TYPE_BYTES_MAX: usize = 127;
/// Bytes of the small picture that is shown before the file is there: a JPEG.
pub const PREVIEW_BYTES_MAX: usize = 6 * 1024;
/// Heights of a waveform, a byte each.
pub const WAVEFORM_BYTES_MAX: usize = 64;
/// Bytes of what the sender says of a picture for those who do not see it.
pub const DESCRIPTION_BYTES_MAX: usize = 1_000;

/// A type that says nothing, for what has none.
const UNKNOWN_TYPE: &str = "application/octet-stream";
/// What browsers show as a picture, and nothing that may have a script in it.
const PICTURES: [&str; 5] = ["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"];
const FILMS: [&str; 2] = ["video/mp4", "video/webm"];
const SOUNDS: [&str; 7] =
    ["audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/webm", "audio/wav", "audio/flac"];

/// What a message says of its file. Who has it can read the file, as long as the server has it.
#[derive(PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Attachment {
    /// Where the server has it.
    #[n(0)]
    pub id: FileId,
    /// Of this file alone.
    #[n(1)]
    pub key: Key,
    /// SHA-256 of the SHA-256 of each sealed chunk, in order.
    #[n(2)]
    pub digest: Digest,
    /// The file's length in bytes, without padding.
    #[n(3)]
    pub size: u64,
    /// As the file is called, at most [`FILE_NAME_BYTES_MAX`]. No path.
    #[n(4)]
    pub name: String,
    /// Its media type, at most [`MEDIA_TYPE_BYTES_MAX`]. Said by the sender: it may lie.
    #[n(5)]
    pub media_type: String,
    /// Of a picture or film.
    #[n(6)]
    pub pixels: Option<Pixels>,
    /// At most [`PREVIEW_BYTES_MAX`].
    #[cbor(n(7), with = "minicbor::bytes")]
    pub preview: Option<Vec<u8>>,
    /// Of a sound or film, in milliseconds.
    #[n(8)]
    pub duration_ms: Option<u32>,
    /// Of a voice message: how loud it is from its beginning to its end, at most [`WAVEFORM_BYTES_MAX`]. A file with it is
    /// one.
    #[cbor(n(9), with = "minicbor::bytes")]
    pub waveform: Option<Vec<u8>>,
    /// What is to be seen, at most [`DESCRIPTION_BYTES_MAX`].
    #[n(10)]
    pub description: Option<String>,
}

/// Width and height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Pixels {
    /// In pixels.
    #[n(0)]
    pub width: u32,
    /// In pixels.
    #[n(1)]
    pub height: u32,
}

/// As what a file is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum AttachmentKind {
    /// In the conversation.
    #[n(0)]
    Picture,
    /// With a player.
    #[n(1)]
    Film,
    /// With a player.
    #[n(2)]
    Sound,
    /// With its waveform.
    #[n(3)]
    Voice,
    /// By its name. It is only ever saved.
    #[n(4)]
    File,
}

impl Attachment {
    /// As what it is shown. Whatever is not known for certain is a file.
    pub fn kind(&self) -> AttachmentKind {
        let is_one_of = |types: &[&str]| types.contains(&self.media_type.as_str());
        if is_picture(&self.media_type) {
            AttachmentKind::Picture
        } else if is_one_of(&FILMS) {
            AttachmentKind::Film
        } else if is_one_of(&SOUNDS) {
            if self.waveform.is_some() { AttachmentKind::Voice } else { AttachmentKind::Sound }
        } else {
            AttachmentKind::File
        }
    }

    /// How its bytes are divided.
    ///
    /// # Errors
    /// When it claims a size that no file has.
    pub fn layout(&self) -> Result<FileLayout, FileError> {
        FileLayout::new(self.size)
    }

    /// Whether each part is within its limit.
    pub fn fits(&self) -> bool {
        let within = |bytes: &Option<Vec<u8>>, max| bytes.as_ref().is_none_or(|bytes: &Vec<u8>| bytes.len() <= max);
        self.name.len() <= FILE_NAME_BYTES_MAX
            && self.media_type.len() <= MEDIA_TYPE_BYTES_MAX
            && within(&self.preview, PREVIEW_BYTES_MAX)
            && within(&self.waveform, WAVEFORM_BYTES_MAX)
            && self.description.as_ref().is_none_or(|text| text.len() <= DESCRIPTION_BYTES_MAX)
            && self.layout().is_ok()
    }

    /// The same without what could mislead: a name has no path, and no characters that turn the direction of what is beside
    /// them or that nobody sees; a type has the form of one; a preview is a small JPEG.
    #[must_use]
    pub fn cleaned(self) -> Self {
        Self {
            name: file_name(&self.name),
            media_type: media_type(&self.media_type),
            preview: self.preview.filter(|preview| is_small_jpeg(preview)),
            description: self.description.and_then(|text| clean_lines(&text)),
            pixels: self.pixels.filter(|pixels| pixels.width > 0 && pixels.height > 0),
            ..self
        }
    }
}

/// Whether what says to be of this type is shown as a picture.
pub fn is_picture(media_type: &str) -> bool {
    PICTURES.contains(&media_type)
}

/// A name under which a file may be saved. Empty where nothing of it is left.
pub fn file_name(said: &str) -> String {
    let plain = clean(said).unwrap_or_default();
    let plain: String = plain.chars().map(|one| if is_of_path(one) { '_' } else { one }).collect();
    let name = plain.trim_matches(['.', ' ']);
    let mut end = name.len().min(FILE_NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default().to_owned()
}

/// What means a folder, a drive or a pattern to some system.
fn is_of_path(one: char) -> bool {
    matches!(one, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

/// A media type without its parameters, in small letters; one that says nothing for what has not the form of one.
pub fn media_type(said: &str) -> String {
    let plain = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_name =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let is_type = plain.split_once('/').is_some_and(|(kind, name)| is_name(kind) && is_name(name));
    if is_type && plain.len() <= MEDIA_TYPE_BYTES_MAX { plain } else { UNKNOWN_TYPE.to_owned() }
}

impl Clone for Attachment {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            key: self.key.copy(),
            digest: self.digest,
            size: self.size,
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            pixels: self.pixels,
            preview: self.preview.clone(),
            duration_ms: self.duration_ms,
            waveform: self.waveform.clone(),
            description: self.description.clone(),
        }
    }
}

/// Names are personal, and the rest is secret.
impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attachment(…)")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use cliquet_wire::bytes::Bytes;

    pub(crate) fn attachment() -> Attachment {
        Attachment {
            id: FileId(Bytes([1; 32])),
            key: Key::from_bytes([2; 32]),
            digest: Bytes([3; 32]),
            size: 12_345,
            name: "Kitten.jpg".into(),
            media_type: "image/jpeg".into(),
            pixels: Some(Pixels { width: 640, height: 480 }),
            preview: None,
            duration_ms: None,
            waveform: None,
            description: Some("A kitten on a wall".into()),
        }
    }

    /// Requirement: F4
    #[test]
    fn a_name_is_no_path_and_hides_nothing() {
        for (said, name) in [
            ("Kitten.jpg", "Kitten.jpg"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("C:\\secret.txt", "C__secret.txt"),
            ("\0a\nb\t.txt", "a b .txt"),
            ("gpj.\u{202e}exe", "gpj.exe"),
            ("  .hidden. ", "hidden"),
            ("été à la mer 🏖.png", "été à la mer 🏖.png"),
            ("..", ""),
            ("", ""),
        ] {
            assert_eq!(file_name(said), name, "{said:?}");
        }
        let long = file_name(&"é".repeat(300));
        assert_eq!((long.len(), long.chars().all(|one| one == 'é')), (254, true));
    }

    /// Requirement: F4
    #[test]
    fn a_type_has_the_form_of_one_and_decides_what_is_shown() {
        for (said, expected) in [
            ("image/JPEG", "image/jpeg"),
            ("text/plain; charset=utf-8", "text/plain"),
            ("", UNKNOWN_TYPE),
            ("image", UNKNOWN_TYPE),
            ("image/", UNKNOWN_TYPE),
            ("image/svg+xml", "image/svg+xml"),
            ("a/b/c", UNKNOWN_TYPE),
            ("text/<script>", UNKNOWN_TYPE),
        ] {
            assert_eq!(media_type(said), expected, "{said:?}");
        }
        assert_eq!(media_type(&format!("a/{}", "b".repeat(125))).len(), MEDIA_TYPE_BYTES_MAX);
        assert_eq!(media_type(&format!("a/{}", "b".repeat(126))), UNKNOWN_TYPE);
        let kind = |media_type: &str, waveform: Option<Vec<u8>>| {
            Attachment { media_type: media_type.into(), waveform, ..attachment() }.kind()
        };
        assert_eq!(kind("image/webp", None), AttachmentKind::Picture);
        assert_eq!(kind("video/mp4", None), AttachmentKind::Film);
        assert_eq!(kind("audio/ogg", None), AttachmentKind::Sound);
        assert_eq!(kind("audio/ogg", Some(vec![1])), AttachmentKind::Voice);
        for other in ["image/svg+xml", "text/html", "application/pdf", "image/heic", UNKNOWN_TYPE] {
            assert_eq!(kind(other, Some(vec![1])), AttachmentKind::File, "{other}");
        }
    }

    #[test]
    fn every_part_has_its_limit() {
        let at = |bytes: usize| {
            let text = |max: usize| "a".repeat(max + bytes);
            [
                Attachment { name: text(FILE_NAME_BYTES_MAX), ..attachment() },
                Attachment { media_type: text(MEDIA_TYPE_BYTES_MAX), ..attachment() },
                Attachment { description: Some(text(DESCRIPTION_BYTES_MAX)), ..attachment() },
                Attachment { preview: Some(vec![0; PREVIEW_BYTES_MAX + bytes]), ..attachment() },
                Attachment { waveform: Some(vec![0; WAVEFORM_BYTES_MAX + bytes]), ..attachment() },
            ]
        };
        assert!(at(0).iter().all(Attachment::fits));
        assert!(!at(1).iter().any(Attachment::fits));
        assert!(!Attachment { size: u64::MAX, ..attachment() }.fits());
    }

    #[test]
    fn what_could_mislead_is_taken_out() {
        let hostile = Attachment {
            name: "a/\u{202e}b".into(),
            media_type: "IMAGE/PNG;x=1".into(),
            preview: Some(b"<svg/onload=alert(1)>".to_vec()),
            description: Some("\u{200b}".into()),
            pixels: Some(Pixels { width: 0, height: 9 }),
            ..attachment()
        };
        let cleaned = hostile.cleaned();
        assert_eq!((cleaned.name.as_str(), cleaned.media_type.as_str()), ("a_b", "image/png"));
        assert_eq!((cleaned.preview, cleaned.description, cleaned.pixels), (None, None, None));
        assert_eq!(attachment().cleaned(), attachment());
        assert_eq!(format!("{:?}", attachment()), "Attachment(…)");
    }
}
