//! The saved file on the safety pane: the download, and the input that takes one back.

use super::{Engine, dom, download, fill::fill, locale, sentences::word};
use crate::{
    browser::{
        app::{
            error::AppError,
            saved_file::{self, ImportError, Sorted},
        },
        platform::{error::StoreError, task, timer},
    },
    client::{
        conversation::ConversationId,
        saved_file::{FileError, SavedFile},
    },
};
use cliquet_wire::address::Address;
use js_sys::{Array, Date, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, Element, File, HtmlInputElement};

const NAME: &str = "cliquet.html";
/// Between two looks at how far the leading tab is.
const LOOK_AGAIN_MS: u32 = 400;

/// Why no texts came out of a file.
enum NotRead {
    /// The browser did not hand its bytes out.
    Unreadable,
    Import(ImportError),
}

/// Makes the file and has the browser save it.
///
/// # Errors
/// When the storage does not answer, or the browser makes no file.
pub async fn export(engine: &Engine) -> Result<(), AppError> {
    let language = dom::language();
    let title = [&word("export-title"), " ", engine.email().as_str()].concat();
    let locale = locale::of_page();
    let when = |ms: u64| {
        let date = Date::new(&JsValue::from_f64(ms as f64));
        String::from(date.to_locale_string(&locale, &JsValue::UNDEFINED))
    };
    let pieces = saved_file::export(engine, &title, &language, &word("group-unnamed"), when).await?;
    let pieces: Array = pieces.into_iter().map(JsValue::from).collect();
    save(&pieces).ok_or(AppError::KeyMissing)
}

/// Serves the input, if it is on the page.
pub fn serve(engine: &Rc<Engine>) {
    let input = dom::find(".safety [data-import]").and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
    let Some(input) = input else { return };
    let Some(section) = input.closest(".import").ok().flatten() else { return };
    input.set_disabled(false);
    let engine = engine.clone();
    dom::on(&input.clone(), "change", move |_| {
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        let (engine, section, input) = (engine.clone(), section.clone(), input.clone());
        input.set_disabled(true);
        task::spawn(async move {
            dom::set_text(&section, ".form-error", "");
            dom::set_text(&section, ".form-progress", &word("import-reading"));
            let done = import(&engine, &file, &section).await;
            let (told, error) = match &done {
                Ok(sorted) => (sentence(sorted), String::new()),
                Err(error) => (String::new(), complaint(error, engine.email())),
            };
            dom::set_text(&section, ".form-progress", &told);
            dom::set_text(&section, ".form-error", &error);
            // The same file may be chosen again.
            input.set_value("");
            input.set_disabled(false);
        });
    });
}

async fn import(engine: &Engine, file: &File, section: &Element) -> Result<Sorted, NotRead> {
    let import_error = |error: AppError| NotRead::Import(error.into());
    SavedFile::fits(file.size() as u64).map_err(|error| NotRead::Import(ImportError::File(error)))?;
    let read = JsFuture::from(file.array_buffer()).await.map_err(|_| NotRead::Unreadable)?;
    let bytes = Uint8Array::new(&read).to_vec();
    let to_go = |left: u64| dom::set_text(section, ".form-progress", &counted("import-to-go", left));
    let sorted = saved_file::import(engine, &bytes, to_go).await.map_err(NotRead::Import)?;
    // Until the leading tab has added everything, or nobody looks any more.
    while section.is_connected() {
        let left = saved_file::waiting(engine).await.map_err(import_error)?;
        if left == 0 {
            break;
        }
        to_go(left);
        timer::pause(LOOK_AGAIN_MS).await;
    }
    Ok(sorted)
}

fn save(pieces: &Array) -> Option<()> {
    let options = BlobPropertyBag::new();
    options.set_type("text/html");
    let blob = Blob::new_with_str_sequence_and_options(pieces, &options).ok()?;
    download::save(&blob, NAME)
}

fn sentence(sorted: &Sorted) -> String {
    let mut sentences = vec![fill(&counted("import-added", sorted.added), "known", &sorted.known.to_string())];
    if sorted.strangers > 0 {
        let who = sorted.unknown.iter().map(ConversationId::text).collect::<Vec<_>>().join(", ");
        sentences.push(fill(&counted("import-strangers", sorted.strangers), "who", &who));
    }
    if sorted.of_no_group > 0 {
        let groups = sorted.no_groups.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ");
        sentences.push(fill(&counted("import-no-groups", sorted.of_no_group), "groups", &groups));
    }
    sentences.join(" ")
}

fn complaint(error: &NotRead, own: &Address) -> String {
    match error {
        NotRead::Unreadable => word("import-unreadable"),
        NotRead::Import(ImportError::File(error)) => of_file(error, own),
        NotRead::Import(ImportError::App(AppError::Store(StoreError::Full))) => word("storage-full"),
        NotRead::Import(ImportError::App(_)) => word("page-broken"),
    }
}

fn of_file(error: &FileError, own: &Address) -> String {
    match error {
        FileError::TooLarge => word("import-too-large"),
        FileError::Foreign => word("import-foreign"),
        FileError::Newer => word("import-newer"),
        FileError::CutOff => word("import-cut-off"),
        FileError::OtherAccount(owner) => {
            fill(&fill(&word("import-other-account"), "owner", owner.as_str()), "own", own.as_str())
        }
        FileError::EarlierAccount => word("import-earlier-account"),
        FileError::Altered => word("import-altered"),
    }
}

fn counted(key: &str, count: u64) -> String {
    fill(&word(key), "count", &count.to_string())
}
