//! The ending of a file's name.

/// Longer ones are no endings, but part of the name.
const ENDING_CHARS_MAX: usize = 5;

/// The name with another ending, in place of the one that it has.
pub fn with_ending(name: &str, ending: &str) -> String {
    let stem = match name.rsplit_once('.') {
        Some((stem, old)) if !stem.is_empty() && is_ending(old) => stem,
        _ => name,
    };
    [stem, ".", ending].concat()
}

/// What files of a media type end in, of those that are made here.
pub fn ending_of(media_type: &str) -> &'static str {
    match media_type.split(';').next().unwrap_or_default() {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "audio/webm" => "webm",
        "audio/ogg" => "ogg",
        "audio/mp4" => "m4a",
        _ => "bin",
    }
}

fn is_ending(text: &str) -> bool {
    (1..=ENDING_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gets_the_ending_of_what_is_in_it() {
        for (name, ending, expected) in [
            ("Cat.PNG", "jpg", "Cat.jpg"),
            ("a.b.jpeg", "jpg", "a.b.jpg"),
            ("Cat", "jpg", "Cat.jpg"),
            (".cat", "jpg", ".cat.jpg"),
            ("At 10.30 in town", "jpg", "At 10.30 in town.jpg"),
            ("été.", "jpg", "été..jpg"),
            ("", "jpg", ".jpg"),
        ] {
            assert_eq!(with_ending(name, ending), expected, "{name}");
        }
        assert_eq!(ending_of("audio/webm;codecs=opus"), "webm");
        assert_eq!(ending_of("audio/mp4"), "m4a");
    }
}
