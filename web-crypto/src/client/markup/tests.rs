//! How texts with marks and links are taken apart.

use super::*;
use cliquet_wire::limits::MESSAGE_TEXT_BYTES_MAX;

/// As markup: `<b>`, `<i>`, `<s>`, `<c>` for code, `<p>` for a block of code, `<a>` for a link, `<m>` for a mention.
fn looks(text: &str) -> String {
    let mut shown = String::new();
    for run in runs(text) {
        let tags = [
            (run.style.bold, "b"),
            (run.style.italic, "i"),
            (run.style.struck, "s"),
            (run.kind == Kind::Code, "c"),
            (run.kind == Kind::Block, "p"),
            (run.kind == Kind::Link, "a"),
            (run.kind == Kind::Mention, "m"),
        ];
        let tags: Vec<&str> = tags.iter().filter(|(set, _)| *set).map(|(_, tag)| *tag).collect();
        shown.extend(tags.iter().map(|tag| format!("<{tag}>")));
        shown.push_str(run.text);
        shown.extend(tags.iter().rev().map(|tag| format!("</{tag}>")));
    }
    shown
}

#[test]
fn marks_around_words_are_what_people_know() {
    for (text, expected) in [
        ("*bold*", "<b>bold</b>"),
        ("_italic_", "<i>italic</i>"),
        ("~strike~", "<s>strike</s>"),
        ("`code`", "<c>code</c>"),
        ("a *b c* d", "a <b>b c</b> d"),
        ("*a*, _b_; (~c~)!", "<b>a</b>, <i>b</i>; (<s>c</s>)!"),
        ("_*both*_", "<b><i>both</i></b>"),
        ("*a _b_ c*", "<b>a </b><b><i>b</i></b><b> c</b>"),
        ("*été* «*œuf*»", "<b>été</b> «<b>œuf</b>»"),
        ("*one*\n_two_", "<b>one</b>\n<i>two</i>"),
        ("*a* b *c*", "<b>a</b> b <b>c</b>"),
        ("*never opened *and closed*", "*never opened <b>and closed</b>"),
    ] {
        assert_eq!(looks(text), expected, "{text}");
    }
}

#[test]
fn a_mark_that_nobody_meant_stays() {
    for text in [
        "2*3*4",
        "2 * 3 * 4",
        "snake_case_name",
        "__init__ and **bold** and ~~gone~~",
        "* item\n* item",
        "*",
        "**",
        "***",
        "* a *",
        "*a\nb*",
        "a* b*",
        "` `",
        "``",
        "``````",
        "``` ```",
        "it costs ~5 and ~6",
        "/etc/a_(b).conf",
    ] {
        assert_eq!((looks(text).as_str(), plain(text).as_ref()), (text, text));
    }
}

#[test]
fn code_is_shown_as_it_is() {
    for (text, expected) in [
        ("`*a* _b_`", "<c>*a* _b_</c>"),
        ("*a `b*` c*", "<b>a </b><b><c>b*</c></b><b> c</b>"),
        ("`https://e.org`", "<c>https://e.org</c>"),
        ("` ` `a`", "` ` <c>a</c>"),
        ("```one```", "<c>one</c>"),
        ("see\n```\nlet a = *b;\n\nend\n```\nok", "see\n<p>let a = *b;\n\nend\n</p>ok"),
        ("```a\nb```", "<p>a\nb</p>"),
        ("```a\nb```\nafter", "<p>a\nb</p><p>\n</p>after"),
        ("```a\nb", "```a\nb"),
    ] {
        assert_eq!(looks(text), expected, "{text}");
    }
    assert_eq!(plain("see\n```\na\n```\nok"), "see\na\nok");
    assert_eq!(plain("```a\nb```\nok"), "a\nb\nok");
}

#[test]
fn links_keep_their_marks_and_give_closing_ones_back() {
    for (text, expected) in [
        ("https://e.org/_a_/b_c", "<a>https://e.org/_a_/b_c</a>"),
        ("*https://e.org*", "<b><a>https://e.org</a></b>"),
        ("_https://e.org_.", "<i><a>https://e.org</a></i>."),
        ("_www.e.org_", "<i><a>www.e.org</a></i>"),
        ("~e.org/a~", "<s><a>e.org/a</a></s>"),
        ("*see https://e.org/a*", "<b>see </b><b><a>https://e.org/a</a></b>"),
        ("_*bob@e.org*_", "<b><i><a>bob@e.org</a></i></b>"),
        ("\"_www.e.org_\"", "\"<i><a>www.e.org</a></i>\""),
        ("_alice@e.org", "<a>_alice@e.org</a>"),
        ("_a_ https://e.org/_x_", "<i>a</i> <a>https://e.org/_x_</a>"),
        ("a_b https://e.org/x_", "a_b <a>https://e.org/x_</a>"),
        ("_https://e.org/a_b_ _www.e.org_", "<i><a>https://e.org/a_b</a></i> <i><a>www.e.org</a></i>"),
        ("https://e.org/a_", "<a>https://e.org/a_</a>"),
        ("https://e.org/a_(b).", "<a>https://e.org/a_(b)</a>."),
        ("a\u{a0}https://e.org\u{3000}b", "a\u{a0}<a>https://e.org</a>\u{3000}b"),
        ("https://e.org\nwww.e.org", "<a>https://e.org</a>\n<a>www.e.org</a>"),
    ] {
        assert_eq!(looks(text), expected, "{text}");
    }
}

#[test]
fn mentions_are_found_and_shown_by_name() {
    for (text, expected) in [
        ("@bob@e.org", "<m>@bob@e.org</m>"),
        ("Hi @bob@e.org, and @Carol@E.org!", "Hi <m>@bob@e.org</m>, and <m>@Carol@E.org</m>!"),
        ("*@bob@e.org* _@bob@e.org_", "<b><m>@bob@e.org</m></b> <i><m>@bob@e.org</m></i>"),
        ("`@bob@e.org` bob@e.org", "<c>@bob@e.org</c> <a>bob@e.org</a>"),
    ] {
        assert_eq!(looks(text), expected, "{text}");
    }
    let name = |account: &Address| if account.as_str() == "bob@e.org" { "Bob".to_owned() } else { account.to_string() };
    assert_eq!(plain_named("*Hi* @bob@e.org, @eve@e.org `@bob@e.org`", name), "Hi @Bob, @eve@e.org @bob@e.org");
    assert_eq!(plain_named("*Hi*", name), "Hi");
    let bob = Address::parse("bob@e.org").unwrap();
    assert!(mentions("Hi @Bob@e.org.", &bob));
    for text in ["Hi @bobby@e.org", "bob@e.org", "`@bob@e.org`", "@bob", ""] {
        assert!(!mentions(text, &bob), "{text}");
    }
}

#[test]
fn a_text_has_runs_up_to_their_limit() {
    // Each but the last makes two runs.
    let text = |pairs: usize| format!("{}*a*", "*a* ".repeat(pairs));
    let odd = text((RUNS_MAX - 1) / 2);
    assert_eq!(runs(&odd).len(), RUNS_MAX - 1);
    let at = format!("{odd} ");
    assert_eq!(runs(&at).len(), RUNS_MAX);
    let past = format!("{odd} *b*");
    assert_eq!(runs(&past), [Run { text: &past, kind: Kind::Text, style: Style::default() }]);
    assert_eq!(plain(&past), past);
}

#[test]
fn sixteen_kilobytes_of_marks_are_harmless() {
    for pattern in [
        "*", "_*~`", "*_~a", "`a` ", "*a_", "```", "```\n", "a.b:", "a@b!", "@", "@a", "@a@b.ch", "e.org/* ", "* _",
        "://a", "*\n",
    ] {
        let text = pattern.repeat(MESSAGE_TEXT_BYTES_MAX / pattern.len());
        let runs = runs(&text);
        assert!(runs.len() <= RUNS_MAX && runs.iter().map(|run| run.text.len()).sum::<usize>() <= text.len());
    }
}

#[test]
fn texts_are_not_printed() {
    assert!(!format!("{:?}", runs("a *secret*")).contains("secret"));
}
