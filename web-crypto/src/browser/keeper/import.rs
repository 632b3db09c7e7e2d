//! A saved file, read back: checked as a whole, then set aside in this browser's store, then added by the leading tab.
//!
//! Owns the file input on the safety pane, and the order. What is set aside is durable: who closes the page half-way
//! finds the rest added at the next start. Whose conversation nobody here is a contact of is left out and counted.

use super::{KeepError, Keeper, step};
use crate::{
    browser::{
        platform::{
            idb,
            store::{Store, StoreError, TO_RESTORE, Write},
            task, timer,
        },
        view::{dom, sentences::word},
    },
    client::{
        conversation::{ConversationId, Message},
        fields::fill,
        history::{Standing, content, messages},
        messenger::Messenger,
        records::simple,
        saved_file::{FileError, Owner, SavedFile},
    },
};
use cliquet_wire::address::Address;
use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, Element, File, HtmlInputElement};

/// What any tab asks of the leading one when it has set texts aside.
pub(super) const WISH: &str = "import";
/// In front of the keys in [`TO_RESTORE`].
const ASIDE: &str = "import/";
/// The channel of `tabs.rs`.
const CHANNEL: &str = "cliquet";
/// Texts that are added in one step: other tabs and the poll have their turn between two of them.
const STEP_TEXTS: usize = 200;
/// Between two looks at how far the leading tab is.
const LOOK_AGAIN_MS: u32 = 400;

/// Why nothing was brought back. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ImportError {
    File(FileError),
    /// The browser did not hand its bytes out.
    Unreadable,
    Keep(KeepError),
}

impl From<KeepError> for ImportError {
    fn from(error: KeepError) -> Self {
        Self::Keep(error)
    }
}

/// What became of a file's texts.
#[derive(Debug, Default)]
struct Sorted {
    added: u64,
    known: u64,
    strangers: u64,
    /// Whom they were with.
    unknown: Vec<ConversationId>,
}

pub(super) fn serve(email: &Address) {
    let input = dom::find(".safety [data-import]").and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
    let Some(input) = input else { return };
    let Some(section) = input.closest(".import").ok().flatten() else { return };
    input.set_disabled(false);
    let email = email.clone();
    dom::on(&input.clone(), "change", move |_| {
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        let (email, section, input) = (email.clone(), section.clone(), input.clone());
        input.set_disabled(true);
        task::spawn(async move {
            say(&section, ".form-error", "");
            say(&section, ".form-progress", &word("import-reading"));
            let done = bring_back(&email, &file, &section).await;
            let (told, error) = match &done {
                Ok(sorted) => (sentence(sorted), String::new()),
                Err(error) => (String::new(), complaint(error, &email)),
            };
            say(&section, ".form-progress", &told);
            say(&section, ".form-error", &error);
            // The same file may be chosen again.
            input.set_value("");
            input.set_disabled(false);
        });
    });
}

async fn bring_back(email: &Address, file: &File, section: &Element) -> Result<Sorted, ImportError> {
    SavedFile::fits(file.size() as u64).map_err(ImportError::File)?;
    let read = JsFuture::from(file.array_buffer()).await.map_err(|_| ImportError::Unreadable)?;
    let bytes = Uint8Array::new(&read).to_vec();
    let keeper = Keeper::open(email).await?;
    let account_key_hash = keeper.own.account_key().hash();
    let history_key = &keeper.safekeeping.history;
    let owner = Owner { email, account_key_hash: &account_key_hash, history_key };
    let saved = SavedFile::read(&bytes, owner).map_err(ImportError::File)?;
    let (mut aside, mut sorted) = (Vec::new(), Sorted::default());
    if let Err(error) = set_aside(&keeper, &saved, &mut aside, &mut sorted, section).await {
        // All of it or none: to delete needs no room.
        for key in &aside {
            let _ = clear(&keeper.store, key).await;
        }
        return Err(error.into());
    }
    if !aside.is_empty() {
        ask(email);
    }
    until_added(&keeper, section).await?;
    Ok(sorted)
}

/// `aside`: the keys under which texts were set aside, also when this fails.
async fn set_aside(
    keeper: &Keeper,
    saved: &SavedFile<'_>,
    aside: &mut Vec<String>,
    sorted: &mut Sorted,
    section: &Element,
) -> Result<(), KeepError> {
    let messenger = keeper.messenger().await?;
    let (mut texts, mut seen) = (Vec::new(), 0_u64);
    for text in saved.texts() {
        seen += 1;
        match messenger.standing(&keeper.store, &text).await? {
            Standing::New => texts.push(text),
            Standing::Known => sorted.known += 1,
            Standing::Stranger => {
                sorted.strangers += 1;
                if !sorted.unknown.contains(&text.conversation) {
                    sorted.unknown.push(text.conversation);
                }
            }
        }
        if texts.len() >= STEP_TEXTS {
            put_aside(&keeper.store, std::mem::take(&mut texts), aside, sorted).await?;
            say(section, ".form-progress", &counted("import-to-go", saved.count().saturating_sub(seen)));
        }
    }
    put_aside(&keeper.store, texts, aside, sorted).await
}

async fn put_aside(
    store: &Store,
    texts: Vec<Message>,
    aside: &mut Vec<String>,
    sorted: &mut Sorted,
) -> Result<(), KeepError> {
    let Some(first) = texts.first() else { return Ok(()) };
    let key = [ASIDE, &simple(first.id)].concat();
    sorted.added += texts.len() as u64;
    let value = content(texts);
    store.commit(&[Write { store: TO_RESTORE, key: &key, value: Some(value.as_slice()) }]).await?;
    aside.push(key);
    Ok(())
}

async fn clear(store: &Store, key: &str) -> Result<(), StoreError> {
    store.commit(&[Write { store: TO_RESTORE, key, value: None }]).await
}

/// Heard by every tab, this one included; the leading one does it.
fn ask(email: &Address) {
    if let Ok(channel) = BroadcastChannel::new(CHANNEL) {
        let wish = ["!/", WISH].concat();
        let _ = channel.post_message(&Array::of2(&idb::name(email).into(), &wish.into()));
        channel.close();
    }
}

/// Until the leading tab has added everything, or nobody looks any more.
async fn until_added(keeper: &Keeper, section: &Element) -> Result<(), KeepError> {
    while section.is_connected() {
        let (mut left, mut after) = (0, ASIDE.to_owned());
        while let Some((key, texts)) = next(&keeper.store, &after).await? {
            left += messages(&texts).map_or(0, |texts| texts.len() as u64);
            after = key;
        }
        if after == ASIDE {
            break;
        }
        say(section, ".form-progress", &counted("import-to-go", left));
        timer::pause(LOOK_AGAIN_MS).await;
    }
    Ok(())
}

/// By the leading tab: what was set aside, here or before this browser was closed.
pub(super) async fn go_on(keeper: &Keeper, lend: &Function) -> Result<(), KeepError> {
    while let Some((key, texts)) = next(&keeper.store, ASIDE).await? {
        // What was set aside is sealed: it reads.
        let texts = messages(&texts).unwrap_or_default();
        step(lend, keeper.own.email(), async move |keeper: &Keeper, messenger: &Messenger| {
            Ok(messenger.brought_back(&keeper.store, texts).await?)
        })
        .await?;
        // To add them once more would change nothing.
        clear(&keeper.store, &key).await?;
    }
    Ok(())
}

async fn next(store: &Store, after: &str) -> Result<Option<(String, zeroize::Zeroizing<Vec<u8>>)>, StoreError> {
    let next = store.next(TO_RESTORE, after).await?;
    Ok(next.filter(|record| record.key.starts_with(ASIDE)).map(|record| (record.key, record.value)))
}

fn sentence(sorted: &Sorted) -> String {
    let added = fill(&counted("import-added", sorted.added), "known", &sorted.known.to_string());
    if sorted.strangers == 0 {
        return added;
    }
    let who = sorted.unknown.iter().map(ConversationId::text).collect::<Vec<_>>().join(", ");
    let left_out = fill(&counted("import-strangers", sorted.strangers), "who", &who);
    [added, left_out].join(" ")
}

fn complaint(error: &ImportError, own: &Address) -> String {
    match error {
        ImportError::File(FileError::TooLarge) => word("import-too-large"),
        ImportError::File(FileError::Foreign) => word("import-foreign"),
        ImportError::File(FileError::Newer) => word("import-newer"),
        ImportError::File(FileError::CutOff) => word("import-cut-off"),
        ImportError::File(FileError::OtherAccount(owner)) => {
            fill(&fill(&word("import-other-account"), "owner", owner.as_str()), "own", own.as_str())
        }
        ImportError::File(FileError::EarlierAccount) => word("import-earlier-account"),
        ImportError::File(FileError::Altered) => word("import-altered"),
        ImportError::Unreadable => word("import-unreadable"),
        ImportError::Keep(KeepError::Store(StoreError::Full)) => word("storage-full"),
        ImportError::Keep(_) => word("page-broken"),
    }
}

fn counted(key: &str, count: u64) -> String {
    fill(&word(key), "count", &count.to_string())
}

fn say(section: &Element, selector: &str, sentence: &str) {
    if let Some(line) = dom::within(section, selector) {
        line.set_text_content(Some(sentence));
    }
}
