//! Finds texts by their words, ignoring case and accents.
//!
//! Owns what matches, and which part of a text is shown with it. Has no Unicode tables: the caller hands in `lower`,
//! which gives a text in lower case and in the form NFD, where an accent is a character of its own.

use std::{fmt, iter};
use zeroize::Zeroizing;

/// Shown before the first word that was found.
const CHARS_BEFORE: usize = 40;
/// Shown in all.
const CHARS_SHOWN: usize = 160;

/// The words that a text must all have.
#[derive(Clone, PartialEq, Eq)]
pub struct Query(Vec<String>);

/// A piece of what is shown of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// A piece of the text, or all of it.
    pub text: &'a str,
    /// One of the words, as its author wrote it.
    pub found: bool,
}

impl Query {
    /// `None` while nothing but spaces was typed.
    pub fn of(typed: &str, lower: impl Fn(&str) -> String) -> Option<Self> {
        let words: Vec<_> = fold(typed, lower).split_whitespace().map(str::to_owned).collect();
        if words.is_empty() { None } else { Some(Self(words)) }
    }

    /// No words: every text matches.
    pub fn any() -> Self {
        Self(Vec::new())
    }

    /// Whether every word occurs in the text. `lower` gives a text's lower case.
    pub fn matches(&self, text: &str, lower: impl Fn(&str) -> String) -> bool {
        self.occurs_in(&Zeroizing::new(fold(text, lower)))
    }

    /// The same, of a text that is folded already.
    pub fn occurs_in(&self, folded: &str) -> bool {
        self.0.iter().all(|word| folded.contains(word.as_str()))
    }

    /// What is shown of a text that matches: from a little before the first word on.
    pub fn excerpt<'a>(&self, text: &'a str, lower: impl Fn(&str) -> String) -> Vec<Part<'a>> {
        let found = self.places(text, lower);
        let first = found.first().copied().unwrap_or_default();
        let start = back(text, first.0, CHARS_BEFORE);
        // From the beginning of a word, if one begins there.
        let start = match text.get(start..first.0) {
            Some(before) if start > 0 => before.find(char::is_whitespace).map_or(start, |space| start + space + 1),
            _ => start,
        };
        let end = ahead(text, start, CHARS_SHOWN).max(first.1);
        let mut parts = Vec::new();
        let mut push = |text: Option<&'a str>, found: bool| {
            parts.extend(text.filter(|text| !text.is_empty()).map(|text| Part { text, found }));
        };
        push((start > 0).then_some("…"), false);
        let mut at = start;
        for (from, to) in found.into_iter().filter(|(from, _)| *from < end) {
            push(text.get(at..from), false);
            push(text.get(from..to.min(end)), true);
            at = to.min(end);
        }
        push(text.get(at..end), false);
        push((end < text.len()).then_some("…"), false);
        parts
    }

    /// The byte ranges of the words found, in order, without overlap.
    fn places(&self, text: &str, lower: impl Fn(&str) -> String) -> Vec<(usize, usize)> {
        // For each byte of the folded text, which character it comes from.
        let (mut folded, mut origins) = (String::with_capacity(text.len()), Vec::with_capacity(text.len()));
        for (at, character) in text.char_indices() {
            if character.is_ascii() {
                folded.push(character.to_ascii_lowercase());
            } else {
                lower(character.encode_utf8(&mut [0; 4])).chars().for_each(|one| push_folded(one, &mut folded));
            }
            origins.resize(folded.len(), at);
        }
        let mut marked = vec![false; text.len()];
        for word in &self.0 {
            for (from, found) in folded.match_indices(word.as_str()) {
                let last = from + found.len() - 1;
                let (Some(start), Some(last_start)) = (origins.get(from), origins.get(last)) else { continue };
                // To where another character begins, so that accents stay with their letter and ligatures stay whole.
                let end = origins.iter().skip(last).find(|at| *at != last_start).copied();
                if let Some(place) = marked.get_mut(*start..end.unwrap_or(text.len())) {
                    place.fill(true);
                }
            }
        }
        let mut places: Vec<(usize, usize)> = Vec::new();
        for (at, _) in marked.into_iter().enumerate().filter(|(_, is_marked)| *is_marked) {
            match places.last_mut() {
                Some(before) if before.1 == at => before.1 += 1,
                _ => places.push((at, at + 1)),
            }
        }
        places
    }
}

/// In lower case and without accents, as texts are compared.
pub fn fold(text: &str, lower: impl Fn(&str) -> String) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lowered = Zeroizing::new(lower(text));
    let mut folded = String::with_capacity(lowered.len());
    lowered.chars().for_each(|character| push_folded(character, &mut folded));
    folded
}

/// Letters that keyboards and telephones write in two ways are written in one.
fn push_folded(character: char, to: &mut String) {
    match character {
        // Accents, points and vowel signs over or under a letter; soft hyphens and other characters without width.
        '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5bd}'
        | '\u{5bf}'..='\u{5c7}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}'
        | '\u{ad}'
        | '\u{200b}'..='\u{200d}'
        | '\u{feff}' => {}
        '‘' | '’' | 'ʼ' => to.push('\''),
        'œ' => to.push_str("oe"),
        'æ' => to.push_str("ae"),
        'ß' => to.push_str("ss"),
        'ø' => to.push('o'),
        'ł' => to.push('l'),
        'đ' => to.push('d'),
        // Of a Turkish browser.
        'ı' => to.push('i'),
        'ς' => to.push('σ'),
        other => to.push(other),
    }
}

/// So many characters further, or the end.
fn ahead(text: &str, from: usize, count: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.char_indices().nth(count).map_or(text.len(), |(at, _)| from + at)
}

/// So many characters back, or the beginning.
fn back(text: &str, from: usize, count: usize) -> usize {
    let before = text.get(..from).unwrap_or_default();
    before.char_indices().rev().map(|(at, _)| at).chain(iter::once(0)).nth(count.saturating_sub(1)).unwrap_or(0)
}

/// What somebody looks for is personal.
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.0.len()).finish()
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("bytes", &self.text.len()).field("found", &self.found).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As browsers do it, for the letters of these tests.
    fn lower(text: &str) -> String {
        let mut parts = String::new();
        for character in text.to_lowercase().chars() {
            match character {
                'é' => parts.push_str("e\u{301}"),
                'è' => parts.push_str("e\u{300}"),
                'ê' => parts.push_str("e\u{302}"),
                'ü' => parts.push_str("u\u{308}"),
                'ώ' => parts.push_str("ω\u{301}"),
                other => parts.push(other),
            }
        }
        parts
    }

    fn finds(typed: &str, text: &str) -> bool {
        Query::of(typed, lower).is_some_and(|query| query.matches(text, lower))
    }

    /// With brackets around what was found.
    fn excerpt(typed: &str, text: &str) -> String {
        let parts = Query::of(typed, lower).unwrap().excerpt(text, lower);
        parts.iter().map(|part| if part.found { format!("[{}]", part.text) } else { part.text.to_owned() }).collect()
    }

    #[test]
    fn neither_case_nor_accents_nor_the_kind_of_apostrophe_matter() {
        for (typed, text) in [
            ("ete", "L’Été dernier"),
            ("ÉTÉ", "l'ete dernier"),
            ("l'ete", "L’été"),
            ("coeur", "un CŒUR"),
            ("strasse", "Straße"),
            ("e\u{301}te\u{301}", "été"),
            ("ΚΑΛΏΣ", "καλώς"),
            ("istanbul", "İstanbul"),
            ("🧀", "bread and 🧀"),
        ] {
            assert!(finds(typed, text), "{typed} in {text}");
        }
        assert!(!finds("été dernière", "l’été dernier"));
    }

    #[test]
    fn of_several_words_all_must_occur_in_any_order() {
        assert!(finds("station  six", "At six, in front of the station"));
        assert!(!finds("station seven", "At six, in front of the station"));
    }

    #[test]
    fn nothing_but_spaces_looks_for_nothing() {
        assert_eq!(Query::of(" \t\u{a0}\n", lower), None);
        assert_eq!(Query::of("", lower), None);
    }

    #[test]
    fn what_was_found_is_marked_as_it_was_written() {
        assert_eq!(excerpt("ete", "L’Été, l'ete"), "L’[Été], l'[ete]");
        assert_eq!(excerpt("ete", "l'e\u{301}te\u{301}!"), "l'[e\u{301}te\u{301}]!");
        assert_eq!(excerpt("o", "cœur"), "c[œ]ur");
        assert_eq!(excerpt("bread read", "bread"), "[bread]");
        assert_eq!(excerpt("a", "aaa"), "[aaa]");
    }

    #[test]
    fn of_a_long_text_the_surroundings_are_shown() {
        let text = format!("{} the needle {}", "hay ".repeat(100), "straw ".repeat(100));
        let shown = excerpt("needle", &text);
        assert!(shown.starts_with("…hay hay") && shown.contains(" the [needle] straw"), "{shown}");
        assert!(shown.ends_with('…') && shown.chars().count() <= CHARS_SHOWN + 4, "{shown}");
        // A word that is longer than all that is shown, and no place to begin at.
        let long = "é".repeat(1_000);
        assert_eq!(excerpt(&long, &long), format!("[{long}]"));
        assert_eq!(excerpt("x", &format!("{}x", "é".repeat(100))), format!("…{}[x]", "é".repeat(CHARS_BEFORE)));
    }

    #[test]
    fn every_cut_falls_between_characters() {
        let text = "Žluťoučký kůň 🐎 úpěl ďábelské ódy — 馬は走る. ".repeat(9);
        for (at, character) in text.char_indices() {
            let query = Query::of(&character.to_string(), lower);
            let Some(query) = query else { continue };
            let shown: String =
                query.excerpt(&text[at..], lower).iter().map(|part| part.text).filter(|text| *text != "…").collect();
            assert!(text.contains(&shown) && !shown.is_empty());
        }
    }

    #[test]
    fn neither_words_nor_texts_are_printed() {
        let query = Query::of("secret", lower).unwrap();
        assert!(!format!("{query:?} {:?}", query.excerpt("a secret", lower)).contains("secret"));
    }
}
