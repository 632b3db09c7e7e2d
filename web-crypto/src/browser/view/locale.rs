//! How dates and times are written: the page's language chooses the words, the browser's region their form.

#[cfg(target_arch = "wasm32")]
use super::dom;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen::JsValue;

/// The locale of this page for ECMA-402, for example `fr-CA` where the page speaks French and the browser prefers
/// Canadian French.
#[cfg(target_arch = "wasm32")]
pub fn of_page() -> String {
    let languages = dom::window().map(|window| window.navigator().languages()).unwrap_or_default();
    let languages: Vec<String> = languages.iter().filter_map(|language: JsValue| language.as_string()).collect();
    locale(&dom::language(), &languages)
}

/// The first of the browser's languages that is the page's; else the page's language in the first region that the
/// browser names; else the page's language alone.
pub fn locale(page: &str, languages: &[String]) -> String {
    let same = |language: &&String| language.split('-').next().is_some_and(|first| first.eq_ignore_ascii_case(page));
    if let Some(language) = languages.iter().find(same) {
        return language.clone();
    }
    match languages.iter().find_map(|language| region(language)) {
        Some(region) => [page, "-", region].concat(),
        None => page.to_owned(),
    }
}

/// BCP 47, 2.2.4: two letters or three digits, after the language and its script. What follows a single character is an
/// extension.
fn region(language: &str) -> Option<&str> {
    let is_region = |part: &&str| match part.len() {
        2 => part.bytes().all(|byte| byte.is_ascii_alphabetic()),
        3 => part.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    language.split('-').skip(1).take_while(|part| part.len() > 1).find(is_region)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(page: &str, languages: &[&str]) -> String {
        locale(page, &languages.iter().map(|&language| language.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_page_chooses_the_language_and_the_browser_the_region() {
        assert_eq!(of("en", &["en-GB", "en"]), "en-GB");
        assert_eq!(of("fr", &["en-US", "fr-CA", "fr"]), "fr-CA");
        assert_eq!(of("en", &["de-CH", "fr"]), "en-CH");
        assert_eq!(of("en", &["zh-Hant-TW"]), "en-TW");
        assert_eq!(of("en", &["es-419"]), "en-419");
        assert_eq!(of("fr", &["de", "it"]), "fr");
        assert_eq!(of("en", &["de-u-nu-latn"]), "en");
        assert_eq!(of("en", &[]), "en");
    }
}
