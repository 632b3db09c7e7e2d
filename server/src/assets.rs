//! The files compiled into the binary, by hashed name.
//!
//! Owns the files and the choice of a compressed form. Knows nothing of pages.

/// One file in its forms.
#[derive(Clone, Copy)]
pub struct File {
    /// As templates name it: `app.css`.
    pub name: &'static str,
    /// As browsers fetch it: `app.0f3a….css`.
    pub served: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// What a browser is sent: the bytes, and the name of their encoding (RFC 9110 section 8.4) unless they are plain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub bytes: &'static [u8],
    pub encoding: Option<&'static str>,
}

impl File {
    /// The smallest form that the browser takes.
    pub fn form(&self, accept_encoding: &str) -> Form {
        let encoded = [("br", self.brotli), ("gzip", self.gzip)];
        encoded
            .into_iter()
            .filter(|(encoding, _)| accepts(accept_encoding, encoding))
            .find_map(|(encoding, bytes)| bytes.map(|bytes| Form { bytes, encoding: Some(encoding) }))
            .unwrap_or(Form { bytes: self.plain, encoding: None })
    }

    /// The ending decides the media type.
    pub fn extension(&self) -> &'static str {
        self.served.rsplit('.').next().unwrap_or_default()
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({})", self.served)
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Form({} bytes, {:?})", self.bytes.len(), self.encoding)
    }
}

/// Whether names carry a hash, so that a file under a name never changes.
pub fn are_hashed() -> bool {
    HASHED
}

/// The file as browsers name it.
pub fn by_served_name(served: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.served == served)
}

/// The address of a file. One that was not built keeps its plain name, and answers 404.
pub fn address(name: &str) -> String {
    let served = FILES.iter().find(|file| file.name == name).map_or(name, |file| file.served);
    format!("/assets/{served}")
}

/// The addresses of every file, by the name that templates use.
pub fn addresses() -> impl Iterator<Item = (&'static str, String)> {
    FILES.iter().map(|file| (file.name, address(file.name)))
}

/// Whether `Accept-Encoding` names the encoding with a weight above zero (RFC 9110 section 12.5.3).
pub fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
        named && weight.is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: File =
        File { name: "a.js", served: "a.1.js", plain: b"plain", brotli: Some(b"br"), gzip: Some(b"gzip") };

    #[test]
    fn sends_the_smallest_form_that_the_browser_takes() {
        assert_eq!(FILE.form("gzip, deflate, br, zstd"), Form { bytes: b"br", encoding: Some("br") });
        assert_eq!(FILE.form("gzip"), Form { bytes: b"gzip", encoding: Some("gzip") });
        assert_eq!(FILE.form("br;q=0, gzip;q=0.5"), Form { bytes: b"gzip", encoding: Some("gzip") });
        assert_eq!(FILE.form("identity"), Form { bytes: b"plain", encoding: None });
        assert_eq!(FILE.form(""), Form { bytes: b"plain", encoding: None });
    }

    #[test]
    fn sends_plain_bytes_where_nothing_was_compressed() {
        let file = File { brotli: None, gzip: None, ..FILE };
        assert_eq!(file.form("br, gzip"), Form { bytes: b"plain", encoding: None });
    }

    #[test]
    fn the_style_is_compiled_in_and_found_by_the_name_that_pages_give() {
        let address = address("app.css");
        let served = address.strip_prefix("/assets/").unwrap();
        let file = by_served_name(served).unwrap();
        assert_eq!(file.name, "app.css");
        assert_eq!(file.extension(), "css");
        assert!(!file.form("").bytes.is_empty());
        assert!(by_served_name("../Cargo.toml").is_none());
    }
}
