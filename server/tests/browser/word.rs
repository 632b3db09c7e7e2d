//! Owns the words that the pages show, as the templates have them.

/// The languages of the pages.
pub(crate) const LANGUAGES: [&str; 2] = ["en", "fr"];

/// What stands under a key, in a language of the pages.
pub(crate) fn word(language: &str, key: &str) -> &'static str {
    let words = match language {
        "en" => concat!(
            include_str!("../../../templates/words/en.ftl"),
            include_str!("../../../templates/words/en_add_link.ftl"),
            include_str!("../../../templates/words/en_profile.ftl"),
            include_str!("../../../templates/words/en_disappearing.ftl"),
            include_str!("../../../templates/words/en_files.ftl"),
            include_str!("../../../templates/words/en_groups.ftl"),
            include_str!("../../../templates/words/en_scan.ftl"),
            include_str!("../../../templates/words/en_search.ftl"),
            include_str!("../../../templates/words/en_gallery.ftl"),
            include_str!("../../../templates/words/en_share.ftl"),
            include_str!("../../../templates/words/en_transparency.ftl"),
            include_str!("../../../templates/words/en_voice.ftl"),
        ),
        "fr" => concat!(
            include_str!("../../../templates/words/fr.ftl"),
            include_str!("../../../templates/words/fr_add_link.ftl"),
            include_str!("../../../templates/words/fr_profile.ftl"),
            include_str!("../../../templates/words/fr_disappearing.ftl"),
            include_str!("../../../templates/words/fr_files.ftl"),
            include_str!("../../../templates/words/fr_groups.ftl"),
            include_str!("../../../templates/words/fr_scan.ftl"),
            include_str!("../../../templates/words/fr_search.ftl"),
            include_str!("../../../templates/words/fr_gallery.ftl"),
            include_str!("../../../templates/words/fr_share.ftl"),
            include_str!("../../../templates/words/fr_transparency.ftl"),
            include_str!("../../../templates/words/fr_voice.ftl"),
        ),
        other => panic!("no words in {other}"),
    };
    let found = words.lines().filter_map(|line| line.split_once(" = ")).find(|(name, _)| *name == key);
    found.map(|(_, text)| text).unwrap_or_else(|| panic!("no word {key}"))
}

#[test]
fn a_word_is_found_in_both_languages() {
    assert_eq!(LANGUAGES.map(|language| word(language, "word-today")), ["Today", "Aujourd’hui"]);
}
