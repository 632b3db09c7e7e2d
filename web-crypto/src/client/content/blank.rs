//! Texts that show nothing.

/// Whether nothing of a text would be seen: it has only white space, characters that Unicode lets a program leave out
/// of sight (`Default_Ignorable_Code_Point`), and the blanks of Braille and Hangul.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|char| char.is_whitespace() || char.is_control() || is_unseen(char))
}

/// `Default_Ignorable_Code_Point` of Unicode 16 (`DerivedCoreProperties.txt`), and U+2800, which is seen as a space.
fn is_unseen(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank() {
        for blank in
            ["", " \n\t", "\u{200b}", "\u{2800}\u{2800}", "\u{3164}", "\u{2060}\u{feff} ", "\u{ad}\u{e0001}", "\0"]
        {
            assert!(is_blank(blank), "{}", blank.escape_unicode());
        }
        // A joiner within an emoji, a direction mark before a letter, a variation selector after a sign.
        for seen in ["a", "👩\u{200d}🔬", "\u{200f}ש", "☎\u{fe0f}", ".", "\u{300}", "\u{fffd}"] {
            assert!(!is_blank(seen), "{}", seen.escape_unicode());
        }
    }
}
