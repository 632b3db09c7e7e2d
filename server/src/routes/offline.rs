//! What makes home open without a network and lets it be installed: the service worker, the manifest, and the words that
//! are shown once home is quiet. Nothing here is anyone's.

use crate::{assets, pages::Pages, response::HtmlOrJson, words::Language};
use rocket::{Route, State, get, http::ContentType, post, response::Responder, routes};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// At the root, so that its scope is the whole site.
pub const SERVICE_WORKER: &str = "/service-worker.js";

const SCRIPT: &str = include_str!("../../../assets/service-worker.js");
/// Where the system hands over what a person shares with the installed app. The service worker answers, and nothing is sent.
pub const SHARE: &str = "/share";

/// Home does without them: what only sign-in needs, and the pictures that the system keeps by itself.
const NOT_NEEDED: [&str; 4] = ["sign_in", "service-worker", "vectors", "icon"];
const RELEASE_BYTES: usize = 8;

pub fn routes() -> Vec<Route> {
    routes![service_worker, manifest, share, storage_words]
}

/// Asked for again with every visit, so that a new release is seen at once.
#[derive(Debug, Responder)]
struct Fresh {
    body: String,
    content_type: ContentType,
    cache: rocket::http::Header<'static>,
}

impl Fresh {
    fn new(body: String, content_type: ContentType) -> Self {
        Self { body, content_type, cache: rocket::http::Header::new("Cache-Control", "no-cache") }
    }
}

/// The script with this release's files in front: another release is another script, which browsers notice.
#[get("/service-worker.js")]
fn service_worker() -> Fresh {
    let mut files: Vec<String> = assets::addresses()
        .filter(|(name, _)| !NOT_NEEDED.iter().any(|start| name.starts_with(start)))
        .map(|(_, address)| address)
        .collect();
    if !assets::are_hashed() {
        // Under such a name another file may lie tomorrow.
        files.clear();
    }
    let files = Value::from(files).to_string();
    let digest = Sha256::digest([SCRIPT, &files].concat());
    let release = base16ct::lower::encode_string(digest.get(..RELEASE_BYTES).unwrap_or_default());
    Fresh::new(format!("const RELEASE = \"{release}\";\nconst FILES = {files};\n{SCRIPT}"), ContentType::JavaScript)
}

/// `share`: the page that asks has the service worker, so that the app may be one to share with.
#[get("/manifest.webmanifest?<share>")]
fn manifest(share: Option<&str>, language: Language, pages: &State<Pages>) -> Fresh {
    let icon = |name: &str, size: &str, purpose: &str| json!({ "src": assets::address(name), "sizes": size, "type": "image/png", "purpose": purpose });
    let mut manifest = json!({
        "id": "/home",
        "name": pages.words().get(language, "app-name", &[]),
        "short_name": pages.words().get(language, "app-name", &[]),
        "description": pages.words().get(language, "app-purpose", &[]),
        "lang": language.code(),
        "start_url": "/home",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f1e7",
        "theme_color": "#f7f3ea",
        "icons": [
            icon("icon-192.png", "192x192", "any"),
            icon("icon-512.png", "512x512", "any"),
            icon("icon-maskable-512.png", "512x512", "maskable"),
        ],
    });
    if let (Some(_), Some(manifest)) = (share, manifest.as_object_mut()) {
        let target = json!({
            "action": SHARE,
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {
                "title": "title",
                "text": "text",
                "url": "url",
                "files": [{ "name": "files", "accept": ["*/*"] }],
            },
        });
        manifest.insert("share_target".to_owned(), target);
    }
    Fresh::new(manifest.to_string(), ContentType::new("application", "manifest+json"))
}

/// What somebody shared came here, because this browser no longer has the service worker. It is not read: the handler asks
/// for no body, and Rocket drops what nobody asks for. The page says what happened. For everybody, signed in or not, and
/// from wherever it comes: nothing changes.
#[post("/share")]
fn share() -> HtmlOrJson<serde_json::Map<String, Value>> {
    HtmlOrJson::new(serde_json::Map::new()).page("share.html")
}

#[derive(Clone, Debug, Serialize)]
struct StorageWords {
    kept: String,
    may_go: String,
    low: String,
    /// When a check of the history found what does not open.
    altered: String,
    push: PushWords,
}

/// What is said of word while no page is open.
#[derive(Clone, Debug, Serialize)]
struct PushWords {
    /// The notification.
    title: String,
    turning: String,
    failed: String,
}

#[get("/storage/words")]
fn storage_words(language: Language, pages: &State<Pages>) -> HtmlOrJson<StorageWords> {
    let word = |key: &str| pages.words().get(language, key, &[]);
    HtmlOrJson::new(StorageWords {
        kept: word("storage-kept"),
        may_go: word("storage-may-go"),
        low: word("storage-low"),
        altered: word("storage-altered"),
        push: PushWords { title: word("push-title"), turning: word("push-turning"), failed: word("push-failed") },
    })
    .compressible()
}
