//! Addresses in a text that become links: `http`, `https` and `mailto`, and no others. And those that mention an account,
//! which are none.
//!
//! Owns which finds of the library count, and where a link leads. What is shown of a link is always what was written.

use cliquet_wire::{address::Address, limits::ADDRESS_BYTES_MAX};
use linkify::{LinkFinder, LinkKind};
use std::ops::Range;

/// Longer words are no links: looking for addresses in a word may take the square of its length.
pub const LINK_BYTES_MAX: usize = 2_048;

/// After these a bare host is a link. After any other ending only with `www.` in front or a path behind: `main.rs` and
/// `notes.md` are files, and in "do.it" a space is missing.
const ENDINGS: &[&str] = &[
    "com", "org", "net", "edu", "gov", "info", "eu", "fr", "be", "ch", "ca", "lu", "de", "uk", "ie", "es", "pt", "nl",
    "dk", "fi",
];

/// Quotes and full stops that no library takes off the end of an address.
const CLOSING: &[char] = &['»', '”', '’', '…', '。', '，', '、', '）', '」', '』', '！', '？', '；', '：'];

/// In front of an account's address: the text speaks of that account, or to it.
pub const MENTION: char = '@';

/// The links and mentions of a word: their byte ranges, in order. A mention's begins with [`MENTION`]. A word has no white
/// space.
pub(super) fn links(word: &str) -> Vec<Range<usize>> {
    if word.len() > LINK_BYTES_MAX || !word.contains(['.', ':', '@']) {
        return Vec::new();
    }
    let mut finder = LinkFinder::new();
    finder.url_must_have_scheme(false);
    let found = finder.links(word).map(|link| {
        let text = link.as_str().trim_end_matches(CLOSING);
        (link.start()..link.start() + text.len(), *link.kind() == LinkKind::Email)
    });
    let is_link = |(range, is_address): &(Range<usize>, bool)| {
        let before = word.get(..range.start).unwrap_or_default();
        word.get(range.clone()).is_some_and(|text| counts(text, *is_address, before))
    };
    let mut all: Vec<Range<usize>> = found.filter(is_link).map(|(range, _)| range).collect();
    for (sign, _) in word.match_indices(MENTION) {
        let Some(range) = mention(word, sign, &finder) else { continue };
        if all.iter().all(|other| other.end <= range.start || range.end <= other.start) {
            all.push(range);
        }
    }
    all.sort_by_key(|range| range.start);
    all
}

/// The mention that begins with this sign. The library takes an address behind a sign for none.
fn mention(word: &str, sign: usize, finder: &LinkFinder) -> Option<Range<usize>> {
    let (before, rest) = word.split_at_checked(sign)?;
    let behind = rest.strip_prefix(MENTION).filter(|_| !before.ends_with(is_of_word))?;
    // No address is longer, and a word may have as many signs as letters.
    let behind = behind.get(..behind.floor_char_boundary(2 * ADDRESS_BYTES_MAX))?;
    let first = finder.links(behind).next().filter(|link| link.start() == 0 && *link.kind() == LinkKind::Email)?;
    let address = first.as_str().trim_end_matches(CLOSING);
    counts(address, true, "").then(|| sign..sign + MENTION.len_utf8() + address.len())
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == MENTION
}

/// The account that a run of [`Kind::Mention`](super::Kind::Mention) speaks of.
pub fn mentioned(run: &str) -> Option<Address> {
    Address::parse(run.strip_prefix(MENTION)?).ok()
}

/// Where a link leads. `text`: what is shown of it.
pub fn target(text: &str) -> String {
    let scheme = match (has_scheme(text), Address::parse(text)) {
        (true, _) => "",
        (false, Ok(_)) => "mailto:",
        (false, Err(_)) => "https://",
    };
    [scheme, text].concat()
}

/// Whether what the library found is a link. `before`: what is in front of it in the same word.
fn counts(text: &str, is_address: bool, before: &str) -> bool {
    if text.chars().any(is_hidden) {
        return false;
    }
    if is_address {
        return Address::parse(text).is_ok();
    }
    if text.contains("://") && has_scheme(text) {
        return true;
    }
    let end = text.find(['/', '?', '#', ':']).unwrap_or(text.len());
    let (host, rest) = text.split_at_checked(end).unwrap_or_default();
    let ending = host.rsplit('.').next().unwrap_or_default();
    let is_www = host.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."));
    // Behind `mailto:` or another scheme, or as a part of a longer name, it is none.
    let stands_alone = !before.ends_with([':', '/', '\\', '.', '_', '-', '@', '=', '&', '%', '#']);
    stands_alone && !rest.starts_with("://") && (is_www || rest.starts_with('/') || ENDINGS.contains(&ending))
}

fn has_scheme(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// Characters without a shape, and those that turn the direction of others: with one of them what is shown would not be
/// the address.
fn is_hidden(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may fail")]
mod tests {
    use super::*;

    /// Each link of a text: what is shown, and where it leads.
    fn found(text: &str) -> Vec<(&str, String)> {
        let texts = text.split_whitespace().flat_map(|word| links(word).into_iter().map(move |range| &word[range]));
        texts.map(|text| (text, target(text))).collect()
    }

    #[test]
    fn http_https_and_mailto_are_links_and_what_is_shown_is_the_address() {
        for (text, shown, leads_to) in [
            ("See https://e.org/a_(b).", "https://e.org/a_(b)", "https://e.org/a_(b)"),
            ("(https://e.org/a)", "https://e.org/a", "https://e.org/a"),
            ("www.e.org", "www.e.org", "https://www.e.org"),
            ("e.org/ä?q=1#x", "e.org/ä?q=1#x", "https://e.org/ä?q=1#x"),
            ("«https://e.org/x»", "https://e.org/x", "https://e.org/x"),
            ("HTTP://E.ORG/,", "HTTP://E.ORG/", "HTTP://E.ORG/"),
            ("http://localhost:8000/home", "http://localhost:8000/home", "http://localhost:8000/home"),
            ("https://e.org@evil.example/", "https://e.org@evil.example/", "https://e.org@evil.example/"),
            ("Alice+b@Example.org!", "Alice+b@Example.org", "mailto:Alice+b@Example.org"),
            ("o'brien@example.org", "o'brien@example.org", "mailto:o'brien@example.org"),
            ("mailto:bob@e.org", "bob@e.org", "mailto:bob@e.org"),
            ("leboncoin.fr,", "leboncoin.fr", "https://leboncoin.fr"),
            ("Example.com", "Example.com", "https://Example.com"),
            ("docs.rs/linkify", "docs.rs/linkify", "https://docs.rs/linkify"),
        ] {
            assert_eq!(found(text), [(shown, leads_to.to_owned())], "{text}");
        }
        let two = found("http://a.org/x,https://b.org or c@d.org");
        assert_eq!(two.last().map(|(shown, _)| *shown), Some("c@d.org"));
    }

    #[test]
    fn nothing_else_is_a_link() {
        for text in [
            "javascript:alert(1)",
            "javascript://e.org/%0aalert(1)",
            "data:text/html,<script>",
            "file:///etc/passwd",
            "ftp://e.org/a",
            "tel:+33123456789",
            "xhttps://e.org",
            "Open /etc/a_(b).conf now.",
            "src/main.rs notes.md v1.2 and/or 12.30 e.g. i.e. one.Two do.it me.De",
            "/var/www.old/a",
            "C:\\a.com",
            "https://",
            "www.",
            "a@b",
            "@alice @bob@",
            "https://e.org/\u{202e}gro.live",
            "https://e\u{200b}.org",
            "a\u{2066}b@e.org",
            "bob?bcc=x@e.org",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn an_address_behind_a_sign_of_its_own_is_a_mention() {
        let shown = |text| links(text).into_iter().map(|range| &text[range]).collect::<Vec<_>>();
        for (text, expected) in [
            ("@alice@example.org", "@alice@example.org"),
            ("@Alice+b@Example.org's", "@Alice+b@Example.org"),
            ("(@alice@example.org),", "@alice@example.org"),
            ("Hi:@alice@example.org!", "@alice@example.org"),
            ("https://e.org/@alice@example.org", "https://e.org/@alice@example.org"),
            ("e.org/a,@alice@example.org", "e.org/a,@alice@example.org"),
        ] {
            assert_eq!(shown(text), [expected], "{text}");
        }
        assert_eq!(mentioned("@Alice@Example.org").unwrap().as_str(), "alice@example.org");
        assert_eq!(mentioned("alice@example.org"), None);
        for text in [
            "@alice",
            "@alice@",
            "@@",
            "@a@b",
            "x@alice@example.org",
            "@@alice@example.org",
            "@al\u{202e}ice@example.org",
        ] {
            assert_eq!(shown(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_word_is_looked_at_up_to_its_limit() {
        let word = |bytes: usize| format!("{:a<bytes$}", "https://e.org/");
        assert_eq!(links(&word(LINK_BYTES_MAX)).first(), Some(&(0..LINK_BYTES_MAX)));
        assert_eq!(links(&word(LINK_BYTES_MAX + 1)), []);
    }
}
