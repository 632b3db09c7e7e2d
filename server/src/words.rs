//! Words in two languages.
//!
//! Owns the choice of a language and the look-up of a word (Fluent). Knows nothing of pages.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use rocket::{
    Request,
    request::{FromRequest, Outcome},
};
use std::{convert::Infallible, fmt};

/// The cookie that keeps a person's choice.
pub const LANGUAGE_COOKIE: &str = "language";

const EN: &str = concat!(
    include_str!("../../templates/words/en.ftl"),
    include_str!("../../templates/words/en_add_link.ftl"),
    include_str!("../../templates/words/en_admin.ftl"),
    include_str!("../../templates/words/en_notes.ftl"),
    include_str!("../../templates/words/en_profile.ftl"),
    include_str!("../../templates/words/en_disappearing.ftl"),
    include_str!("../../templates/words/en_problems.ftl"),
    include_str!("../../templates/words/en_files.ftl"),
    include_str!("../../templates/words/en_groups.ftl"),
    include_str!("../../templates/words/en_scan.ftl"),
    include_str!("../../templates/words/en_search.ftl"),
    include_str!("../../templates/words/en_gallery.ftl"),
    include_str!("../../templates/words/en_share.ftl"),
    include_str!("../../templates/words/en_transparency.ftl"),
    include_str!("../../templates/words/en_voice.ftl"),
);
const FR: &str = concat!(
    include_str!("../../templates/words/fr.ftl"),
    include_str!("../../templates/words/fr_add_link.ftl"),
    include_str!("../../templates/words/fr_admin.ftl"),
    include_str!("../../templates/words/fr_notes.ftl"),
    include_str!("../../templates/words/fr_profile.ftl"),
    include_str!("../../templates/words/fr_disappearing.ftl"),
    include_str!("../../templates/words/fr_problems.ftl"),
    include_str!("../../templates/words/fr_files.ftl"),
    include_str!("../../templates/words/fr_groups.ftl"),
    include_str!("../../templates/words/fr_scan.ftl"),
    include_str!("../../templates/words/fr_search.ftl"),
    include_str!("../../templates/words/fr_gallery.ftl"),
    include_str!("../../templates/words/fr_share.ftl"),
    include_str!("../../templates/words/fr_transparency.ftl"),
    include_str!("../../templates/words/fr_voice.ftl"),
);

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    En,
    Fr,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// As in `lang="…"` and in the cookie.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The known language of the greatest weight (RFC 9110 section 12.5.4); the first one named wins a tie.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let Some(language) = Self::from_code(&primary) else { continue };
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
            // A weight of zero means "not acceptable"; one that does not read is not believed.
            let Some(weight) = weight.filter(|weight| *weight > 0.0) else { continue };
            if best.is_none_or(|(_, heaviest)| weight > heaviest) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }

    /// What this request asks for: the choice kept in the cookie, else the browser's languages, else English.
    pub fn of(request: &Request<'_>) -> Self {
        let chosen = request.cookies().get(LANGUAGE_COOKIE).and_then(|cookie| Self::from_code(cookie.value()));
        chosen
            .or_else(|| request.headers().get_one("Accept-Language").and_then(Self::from_accept_language))
            .unwrap_or_default()
    }

    fn source(self) -> &'static str {
        match self {
            Self::En => EN,
            Self::Fr => FR,
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Language {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self::of(request))
    }
}

/// Every word of every language.
pub struct Words {
    en: FluentBundle<FluentResource>,
    fr: FluentBundle<FluentResource>,
}

/// Why the words compiled into the binary do not read. A test would have seen it.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    #[error("the words in {0:?} do not read")]
    Syntax(Language),
    #[error("a word is written twice in {0:?}")]
    Twice(Language),
}

impl Words {
    pub fn load() -> Result<Self, WordsError> {
        Ok(Self { en: bundle(Language::En)?, fr: bundle(Language::Fr)? })
    }

    /// The word, with what is to be filled in. A key that does not exist shows itself; a test keeps that from happening.
    pub fn get(&self, language: Language, key: &str, args: &[(&str, &str)]) -> String {
        let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, FluentValue::from(*value))).collect();
        self.fill(language, key, &args).unwrap_or_else(|| key.to_owned())
    }

    /// `None` when there is no such word.
    pub fn fill(&self, language: Language, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let bundle = match language {
            Language::En => &self.en,
            Language::Fr => &self.fr,
        };
        let message = bundle.get_message(key)?;
        // A missing argument shows as `{$name}`, which a reader sees and a test can find.
        Some(bundle.format_pattern(message.value()?, Some(args), &mut Vec::new()).into_owned())
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(en, fr)")
    }
}

fn bundle(language: Language) -> Result<FluentBundle<FluentResource>, WordsError> {
    let resource = FluentResource::try_new(language.source().to_owned()).map_err(|_| WordsError::Syntax(language))?;
    let identifier = language.code().parse().map_err(|_| WordsError::Syntax(language))?;
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // Both languages run left to right, and the marks would end up in attributes and titles.
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).map_err(|_| WordsError::Twice(language))?;
    Ok(bundle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_wire::problem::ProblemCode;
    use std::collections::BTreeSet;

    /// The keys of a language, read from the lines that begin a message.
    fn keys(language: Language) -> BTreeSet<String> {
        language
            .source()
            .lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" ="))
            .map(|(key, _)| key.to_owned())
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_words() {
        assert_eq!(keys(Language::En), keys(Language::Fr));
        assert!(keys(Language::En).len() > 50);
    }

    #[test]
    fn every_word_has_a_value_in_both_languages() {
        let words = Words::load().unwrap();
        for language in Language::ALL {
            for key in keys(language) {
                let word = words.fill(language, &key, &FluentArgs::new());
                assert!(word.is_some_and(|word| !word.trim().is_empty()), "{key} in {language:?}");
            }
        }
    }

    #[test]
    fn every_problem_has_a_title_and_says_what_to_do() {
        let words = Words::load().unwrap();
        for language in Language::ALL {
            for code in ProblemCode::ALL {
                for part in ["title", "detail"] {
                    let key = format!("problem-{}-{part}", code.as_str());
                    assert_ne!(words.get(language, &key, &[]), key, "{language:?}");
                }
            }
        }
    }

    #[test]
    fn fills_in_what_is_handed_in_without_marks_around_it() {
        let words = Words::load().unwrap();
        let said = words.get(Language::En, "conversation-with", &[("email", "bob@example.org")]);
        assert!(said.contains("bob@example.org"), "{said}");
        assert!(!said.contains(['\u{2068}', '\u{2069}']), "{said}");
    }

    #[test]
    fn the_heaviest_known_language_is_chosen() {
        let chosen = Language::from_accept_language;
        assert_eq!(chosen("fr-CA,fr;q=0.9,en;q=0.8"), Some(Language::Fr));
        assert_eq!(chosen("de, en;q=0.4, fr;q=0.7"), Some(Language::Fr));
        assert_eq!(chosen("en;q=0.5, fr;q=0.5"), Some(Language::En));
        assert_eq!(chosen("fr;q=0, en-GB;q=0.1"), Some(Language::En));
        assert_eq!(chosen("fr;q=lots, de"), None);
        assert_eq!(chosen(""), None);
    }
}
