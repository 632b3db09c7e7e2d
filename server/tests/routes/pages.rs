//! Every page and fragment, in both languages: it renders, it needs no inline script or style, it escapes.

use cliquet_server::{
    config::Registration,
    pages::{MakeRoomPage, Pages, RecoverPage, SignInPage, SignUpPage},
    words::Language,
};
use cliquet_wire::{address::Address, problem::ProblemCode};
use serde_json::{Value, json};

const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&";

const GROUP: &str = "00112233445566778899aabbccddeeff";

/// Each template that a route names, with what the route hands in.
fn every_template() -> Vec<(&'static str, Value)> {
    let home = |with: Value, show: &str| {
        json!({
            "email": "alice@example.org", "with": with, "self_address": "/home",
            "pane": Some(show).filter(|show| !show.is_empty()), "announcement": HOSTILE, "is_admin": true,
        })
    };
    let safety = |recovery_set: Value, last_added: Value, quota: u64| {
        let history = json!({ "segments": 3, "bytes": 1_500_000, "last_added": last_added });
        let files = json!({ "file_bytes_max": quota, "bytes": 1_500_000, "quota": 1 << 31, "keep_days": 90 });
        json!({
            "email": "o'brien@example.org", "recovery_set": recovery_set, "vault_bytes": 2_500, "history": history,
            "history_quota": quota, "files": files,
        })
    };
    let problem = |retry_after: Value| {
        let code = ProblemCode::TooManyRequests;
        json!({ "type": "/problems#", "code": code, "status": 429, "title": "T", "detail": "D", "retry_after": retry_after })
    };
    let devices = json!({
        "devices": [
            { "id": "d1", "name": HOSTILE, "created": 1_764_547_200_000_u64, "last_seen": 1_764_720_000_000_u64, "this": true },
            { "id": "d2", "name": "Phone", "created": 1_764_633_600_000_u64, "last_seen": 0, "this": false },
        ],
        "sign_ins": [
            { "id": "s1", "device": "d1", "created": 1_764_547_200_000_u64, "expires": 1_767_139_200_000_u64, "this": true },
            { "id": "s2", "device": null, "created": 1_764_547_200_000_u64, "expires": 1_767_139_200_000_u64, "this": false },
        ],
    });
    let admin = |made: Value, waiting: Value| {
        let account = |email: &str, suspended: Value, is_admin: bool| {
            json!({
                "email": email, "created": 1_764_547_200_000_u64, "last_seen": 1_764_547_200_000_u64, "devices": 2,
                "stored": "1.5", "suspended": suspended, "is_admin": is_admin, "is_me": is_admin,
            })
        };
        let invite = |state: &str| json!({ "number": 1, "state": state, "expires": 1_764_547_200_000_u64, "uses": 2, "used": 1 });
        let log = |action: &str, actor: Value| json!({ "time": 1_764_547_200_000_u64, "action": action, "subject": HOSTILE, "actor": actor });
        let actions = ["create-invite", "revoke-invite", "suspend-account", "resume-account", "delete-account"];
        let more = ["promote-account", "demote-account", "announce", "announce-nothing"];
        json!({
            "version": "1", "registration": "invite", "stored": "1.5", "free": "2.5", "waiting": waiting, "made": made,
            "accounts": [
                account("o'brien@example.org", Value::Null, true), account("bob@example.org", Value::Null, false),
                account("carol@example.org", json!(1_764_547_200_000_u64), false),
            ],
            "accounts_in_all": 4, "invites": [invite("open"), invite("used"), invite("expired")], "uses_max": 1_000,
            "announcement": HOSTILE, "announcement_chars_max": 500, "self_address": "/admin",
            "log": actions.into_iter().chain(more).map(|action| log(action, json!("alice@example.org"))).collect::<Vec<_>>(),
        })
    };
    let made = json!({ "link": "https://a.example/sign-up#invite=1", "uses": 1, "days": 7, "qr": { "size": 1, "path": "M0 0h1v1h-1z" } });
    vec![
        ("admin.html", admin(made, json!(0))),
        ("admin.html", admin(Value::Null, Value::Null)),
        ("sign_in.html", json!(SignInPage::new(true))),
        (
            "sign_up.html",
            json!(SignUpPage::new(Registration::Invite, Some(Address::parse("o'brien@example.org").unwrap()))),
        ),
        ("sign_up.html", json!(SignUpPage::new(Registration::Closed, None))),
        ("home.html", home(Value::Null, "")),
        ("home.html", home(Value::Null, "devices")),
        ("home.html", home(Value::Null, "safety")),
        ("home.html", home(Value::Null, "search")),
        ("home.html", home(Value::Null, "gallery")),
        ("home.html", home(Value::Null, "add-me")),
        ("home.html", home(json!({ "id": "bob+news@example.org", "name": "bob+news@example.org" }), "")),
        ("home.html", home(json!({ "id": GROUP, "name": "" }), "")),
        ("transparency.html", json!({ "padding_step_bytes": 160, "envelope_life_days": 30 })),
        ("problem.html", problem(json!(30))),
        ("recover.html", json!(RecoverPage::new())),
        ("make_room.html", json!(MakeRoomPage::new())),
        ("safety.html", safety(json!(1_764_547_200_000_u64), json!(1_764_547_200_000_u64), 1 << 28)),
        ("fragments/safety.html", safety(json!(1_764_547_200_000_u64), json!(1_764_547_200_000_u64), 1 << 28)),
        ("fragments/safety.html", safety(Value::Null, Value::Null, 1 << 28)),
        ("fragments/safety.html", safety(Value::Null, Value::Null, 0)),
        ("devices.html", devices.clone()),
        ("fragments/devices.html", devices),
        ("fragments/problem.html", problem(Value::Null)),
        ("fragments/no_conversation.html", json!({})),
        ("fragments/conversation.html", json!({ "id": "bob@example.org", "name": "bob@example.org" })),
        ("fragments/conversation.html", json!({ "id": GROUP, "name": "" })),
        ("detour.html", json!({ "address": "/home?with=bob%40example.org" })),
        ("fragments/add_me.html", json!({})),
        ("fragments/search.html", json!({})),
        ("fragments/gallery.html", json!({})),
        ("share.html", json!({})),
        ("fragments/settings.html", json!({})),
        ("fragments/search_result.html", json!({ "email": "bob@example.org" })),
        (
            "fragments/contacts.html",
            json!({ "contacts": [
                { "email": "bob+news@example.org", "state": "added" },
                { "email": "carol@example.org", "state": "requested" },
                { "email": "mallory@example.org", "state": "blocked" },
            ] }),
        ),
    ]
}

/// Renders everything in both languages; a missing word or variable fails here.
fn rendered() -> Vec<(&'static str, Language, String)> {
    let pages = Pages::load().unwrap();
    let mut rendered = Vec::new();
    for language in Language::ALL {
        for (template, context) in every_template() {
            let html = pages.render(template, language, &context);
            rendered.push((template, language, html.unwrap_or_else(|error| panic!("{template}: {error:?}"))));
        }
    }
    rendered
}

/// The words inside `<…>`, one tag after the other.
fn tags(html: &str) -> Vec<&str> {
    html.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag)).collect()
}

#[test]
fn every_page_renders_and_leaves_no_gap() {
    for (template, language, html) in rendered() {
        assert!(!html.contains("{$") && !html.contains("{{"), "a gap in {template} in {language:?}");
        if !template.starts_with("fragments/") {
            assert!(html.starts_with("<!doctype html>"), "{template}: {html:.40}");
            assert!(html.contains(&format!("<html lang=\"{}\"", language.code())), "{template}");
            assert!(html.contains(" · Cliquet</title>"), "{template} has no title");
        }
    }
}

#[test]
fn no_page_needs_an_inline_script_or_style() {
    for (template, _, html) in rendered() {
        for tag in tags(&html) {
            let inline = tag.starts_with("style") || tag.contains(" style=");
            let handler = tag.split_whitespace().skip(1).any(|attribute| attribute.starts_with("on"));
            assert!(!inline && !handler, "{template}: <{tag}>");
            assert!(!tag.starts_with("script") || tag.contains(" src="), "{template}: <{tag}>");
        }
    }
}

#[test]
fn what_people_chose_is_escaped() {
    for (template, _, html) in rendered() {
        assert!(!html.contains("<img src=x"), "{template}");
    }
    let pages = Pages::load().unwrap();
    let html = pages.render("fragments/search_result.html", Language::En, &json!({ "email": HOSTILE })).unwrap();
    assert!(html.contains("&lt;img src=x") && !html.contains("<img"), "{html}");
    assert!(!html.contains("onerror=alert(1)>\""), "{html}");
}

#[test]
fn nothing_that_is_secret_has_a_name_or_is_open_before_the_module_opens_it() {
    let mut seen = 0;
    for (template, _, html) in rendered() {
        for tag in tags(&html) {
            if [
                "data-password",
                "data-old-password",
                "data-passphrase ",
                "data-recovery-words",
                "data-confirm ",
                "data-draft",
                "data-search-words",
                "data-email ",
            ]
            .iter()
            .any(|part| tag.contains(part))
                && !tag.starts_with("body")
            {
                seen += 1;
                assert!(!tag.contains(" name="), "{template}: <{tag}>");
            }
        }
        for fieldset in html.split("<fieldset").skip(1) {
            let (attributes, rest) = fieldset.split_once('>').unwrap();
            if attributes.contains("disabled") {
                continue;
            }
            // A browser may fill it in early, but the form cannot be submitted: its buttons are disabled (HTML, 4.10.21.2).
            let inside = tags(rest.split_once("</fieldset>").unwrap().0);
            let buttons: Vec<_> = inside.iter().filter(|tag| tag.starts_with("button")).collect();
            assert!(buttons.iter().any(|tag| tag.contains("type=\"submit\"")), "{template}: <fieldset{attributes}>");
            assert!(buttons.iter().all(|tag| tag.ends_with(" disabled")), "{template}: {buttons:?}");
            assert!(!inside.iter().any(|tag| tag.contains("data-draft")), "{template}: an open draft");
        }
    }
    assert!(seen > 8, "only {seen} secret fields were found");
}

#[test]
fn every_control_has_a_name_to_be_called_by() {
    for (template, _, html) in rendered() {
        for tag in tags(&html) {
            let is_field = (tag.starts_with("input") && !tag.contains("hidden")) || tag.starts_with("textarea");
            // What is there once for each message has no id, and so no label elsewhere.
            if is_field && !tag.contains("aria-label=") {
                let id = tag.split_once(" id=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(id, _)| id);
                let id = id.unwrap_or_else(|| panic!("{template}: <{tag}> has no id"));
                assert!(html.contains(&format!("for=\"{id}\"")), "{template}: no label for {id}");
            }
            assert!(!tag.starts_with("img") || tag.contains("alt="), "{template}: <{tag}>");
            assert!(!tag.starts_with("svg") || tag.contains("aria-hidden="), "{template}: <{tag}>");
        }
    }
}

#[test]
fn an_address_with_a_plus_survives_the_query() {
    let (_, _, html) = rendered().into_iter().find(|(template, ..)| *template == "fragments/contacts.html").unwrap();
    assert!(html.contains("/home?with=bob%2Bnews@example.org"), "{html}");
}

#[test]
fn home_has_every_word_that_the_browser_asks_it_for() {
    const ASKED: &str = include_str!("../../../web-crypto/src/browser/view/words.rs");
    const GIVEN: &str = include_str!("../../../templates/fragments/words_messenger.html");
    let list = ASKED.split("words! {").last().and_then(|rest| rest.split('}').next()).unwrap();
    let keys: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(keys.len() > 40, "{keys:?}");
    let missing: Vec<&&str> = keys.iter().filter(|key| !GIVEN.contains(&format!("\"{key}\""))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
