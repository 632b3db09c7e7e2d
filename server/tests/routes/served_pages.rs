//! Pages as a browser without an account gets them.

use cliquet_server::{build, clock::Clock, config::Config};
use rocket::{
    figment::Figment,
    http::{Accept, ContentType, Header, Status},
    local::blocking::{Client, LocalResponse},
    time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339},
};
use tempfile::TempDir;

/// The folder goes when the house goes.
struct House {
    client: Client,
    _data: TempDir,
}

fn house() -> House {
    house_with(Figment::new())
}

fn house_with(more: Figment) -> House {
    let data = tempfile::tempdir().unwrap();
    let settings = Figment::from(rocket::Config::debug_default())
        .merge(("data_dir", data.path()))
        .merge(("log_level", "off"))
        .merge(("ip_header", false))
        .merge(more);
    let client = Client::tracked(build(settings, Clock::system()).unwrap()).unwrap();
    House { client, _data: data }
}

impl House {
    fn visit<'c>(&'c self, path: &str, languages: &str) -> LocalResponse<'c> {
        let header = Header::new("Accept-Language", languages.to_owned());
        self.client.get(path.to_owned()).header(Accept::HTML).header(header).dispatch()
    }
}

#[test]
fn who_is_signed_out_is_shown_the_way_in() {
    let house = house();
    for path in ["/", "/home", "/home?with=bob@example.org"] {
        let answer = house.visit(path, "en");
        assert_eq!(answer.status(), Status::SeeOther, "{path}");
        assert_eq!(answer.headers().get_one("Location"), Some("/sign-in"), "{path}");
    }
    let sign_in = house.visit("/sign-in", "en");
    assert_eq!(sign_in.status(), Status::Ok);
    assert!(sign_in.into_string().unwrap().contains("<form id=\"sign-in\""));
}

#[test]
fn a_page_speaks_the_browser_s_language_until_another_is_chosen() {
    let house = house();
    assert!(house.visit("/transparency", "fr-CH, en;q=0.5").into_string().unwrap().contains("Ce que sait ce serveur"));

    let chosen = house
        .client
        .post("/language")
        .header(ContentType::Form)
        .header(Header::new("Sec-Fetch-Site", "same-origin"))
        .body("language=en&next=%2Ftransparency")
        .dispatch();
    assert_eq!(chosen.status(), Status::SeeOther);
    assert_eq!(chosen.headers().get_one("Location"), Some("/transparency"));
    drop(chosen);

    assert!(house.visit("/transparency", "fr-CH, en;q=0.5").into_string().unwrap().contains("What this server knows"));
}

#[test]
fn a_problem_is_a_page_a_fragment_or_json_as_asked() {
    let house = house();
    let page = house.visit("/nothing", "en");
    assert_eq!(page.status(), Status::NotFound);
    assert!(page.into_string().unwrap().starts_with("<!doctype html>"));

    let request = house.client.get("/conversations/bob@example.org").header(Accept::HTML);
    let fragment = request.header(Header::new("HX-Request", "true")).dispatch();
    assert_eq!(fragment.status(), Status::Unauthorized);
    let fragment = fragment.into_string().unwrap();
    assert!(fragment.contains("data-problem=\"signed-out\"") && !fragment.contains("<html"), "{fragment}");

    let json = house.client.get("/conversations/bob@example.org").header(Accept::JSON).dispatch();
    assert_eq!(json.content_type().map(|it| it.to_string()), Some("application/problem+json".to_owned()));
}

#[test]
fn a_page_is_a_page_unless_json_is_asked_for() {
    let house = house();
    let ask = |path: &str, accept: Option<&str>, mode: &str| {
        let mut request = house.client.get(path.to_owned()).header(Header::new("Sec-Fetch-Mode", mode.to_owned()));
        if let Some(accept) = accept {
            request = request.header(Header::new("Accept", accept.to_owned()));
        }
        request.dispatch().content_type().unwrap()
    };
    for path in ["/sign-in", "/sign-up", "/transparency", "/recover"] {
        for accept in [None, Some("*/*"), Some("text/html"), Some("text/html,application/xml;q=0.9,*/*;q=0.8")] {
            assert_eq!(ask(path, accept, "cors"), ContentType::HTML, "{path} {accept:?}");
        }
        for accept in ["application/json", "application/json, text/plain, */*", "text/html;q=0.1, application/json"] {
            assert_eq!(ask(path, Some(accept), "cors"), ContentType::JSON, "{path} {accept}");
        }
        assert_eq!(ask(path, Some("application/json"), "navigate"), ContentType::HTML, "{path}");
    }
    // What is for programs and for htmx has no page.
    assert_eq!(ask("/health", Some("*/*"), "cors"), ContentType::JSON);
    assert_eq!(ask("/storage/words", None, "navigate"), ContentType::JSON);
}

#[test]
fn every_file_that_a_page_names_is_served_or_is_the_module_s() {
    let house = house();
    let mut served = 0;
    for page in ["/sign-in", "/sign-up", "/transparency"] {
        let html = house.visit(page, "en").into_string().unwrap();
        for address in html.split('"').filter(|part| part.starts_with("/assets/")) {
            let answer = house.client.get(address.to_owned()).dispatch();
            // Without `cargo xtask wasm` there is no module in the binary.
            let is_module = address.starts_with("/assets/sign_in");
            assert!(answer.status() == Status::Ok || is_module, "{page} names {address}");
            served += usize::from(answer.status() == Status::Ok);
        }
    }
    assert!(served >= 7, "only {served}");
    assert_eq!(house.client.get("/assets/..%2fCargo.toml").dispatch().status(), Status::NotFound);
}

#[test]
fn the_service_worker_is_of_the_whole_site_and_asked_for_again_with_every_visit() {
    let house = house();
    let worker = house.visit("/service-worker.js", "en");
    assert_eq!(worker.content_type(), Some(ContentType::JavaScript));
    assert_eq!(worker.headers().get_one("Cache-Control"), Some("no-cache"));
    let script = worker.into_string().unwrap();
    let mut lines = script.lines();
    let release = lines.next().unwrap().strip_prefix("const RELEASE = \"").unwrap();
    assert_eq!(release.strip_suffix("\";").unwrap().len(), 16, "{release}");
    let files = lines.next().unwrap().strip_prefix("const FILES = ").unwrap();
    let files: Vec<String> = serde_json::from_str(files.strip_suffix(';').unwrap()).unwrap();
    // What is not built is not listed; what is, without the sign-in, whose pages need the server anyway.
    assert!(files.iter().all(|file| file.starts_with("/assets/") && !file.contains("sign_in")), "{files:?}");
    for file in files {
        assert_eq!(house.visit(&file, "en").status(), Status::Ok, "{file}");
    }
}

#[test]
fn the_manifest_names_home_and_icons_that_are_there() {
    let house = house();
    let manifest = house.visit("/manifest.webmanifest", "fr");
    assert_eq!(manifest.content_type(), Some(ContentType::new("application", "manifest+json")));
    let manifest: serde_json::Value = serde_json::from_str(&manifest.into_string().unwrap()).unwrap();
    assert_eq!(
        (&manifest["start_url"], &manifest["scope"], &manifest["lang"]),
        (&"/home".into(), &"/".into(), &"fr".into())
    );
    let icons = manifest["icons"].as_array().unwrap();
    let purposes: Vec<_> = icons.iter().map(|icon| icon["purpose"].as_str().unwrap()).collect();
    assert_eq!(purposes, ["any", "any", "maskable"]);
    for icon in icons {
        let answer = house.visit(icon["src"].as_str().unwrap(), "en");
        assert_eq!((answer.status(), answer.content_type()), (Status::Ok, Some(ContentType::PNG)), "{icon}");
        let bytes = answer.into_bytes().unwrap();
        // The width, in the header of a PNG.
        let width = u32::from_be_bytes(bytes[16..20].try_into().unwrap());
        assert_eq!(icon["sizes"], format!("{width}x{width}"));
    }
}

#[test]
fn what_is_said_of_storage_comes_in_the_reader_s_language() {
    let house = house();
    let words = |languages| -> serde_json::Value {
        serde_json::from_str(&house.visit("/storage/words", languages).into_string().unwrap()).unwrap()
    };
    for key in ["kept", "may_go", "low"] {
        assert_ne!(words("en")[key], words("fr")[key], "{key}");
        assert_eq!(words("fr")["low"].as_str().unwrap().matches("$room").count(), 1);
    }
}

#[test]
fn where_to_report_a_fault_is_said_once_the_host_has_set_it() {
    const PATH: &str = "/.well-known/security.txt";
    assert_eq!(house().visit(PATH, "en").status(), Status::NotFound);

    let house = house_with(Figment::from(("security_contact", "mailto:security@example.org")));
    let answer = house.visit(PATH, "en");
    assert_eq!(answer.content_type(), Some(ContentType::Plain));
    let text = answer.into_string().unwrap();
    let (contact, rest) = text.split_once('\n').unwrap();
    assert_eq!(contact, "Contact: mailto:security@example.org");
    let expires = rest.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
    let expires = OffsetDateTime::parse(expires, &Rfc3339).unwrap();
    assert!(expires > OffsetDateTime::now_utc() && expires < OffsetDateTime::now_utc() + Duration::days(365));
}

#[test]
fn a_contact_that_is_no_address_stops_the_start_and_is_named() {
    for wrong in ["security@example.org", "mailto:", "javascript:alert(1)", "mailto:a@b.org\nContact: mailto:m@b.org"] {
        let settings = Figment::from(rocket::Config::debug_default()).merge(("security_contact", wrong));
        let error = Config::from_figment(&settings).unwrap_err();
        assert!(error.to_string().contains("security_contact is"), "{wrong}: {error}");
    }
}
