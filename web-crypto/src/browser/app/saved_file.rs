//! Everything in one file, and back: the file is made in the browser and goes nowhere else. Read back, it is checked as a
//! whole, then set aside in this browser's store, then added by the leading tab.
//!
//! What is set aside is durable: who closes the page half-way finds the rest added at the next start. Texts with people who
//! are no contacts here, and those of groups that are not known here, are left out and counted. The markup is in
//! `client::saved_file`.

use super::{
    command::Command, engine::Engine, error::AppError, history_sync::safekeeping, load_messages, to_restore::TO_RESTORE,
};
use crate::{
    browser::platform::service::{Platform, Ranges, Record, Write},
    client::{
        conversation::{ConversationId, GroupId, Message},
        history::{Standing, content, messages, standing},
        records::simple,
        safekeeping::Safekeeping,
        saved_file::{FileError, Owner, SavedFile, Writer},
    },
};
use cliquet_wire::bytes::Digest;

/// In front of the keys in [`TO_RESTORE`].
const ASIDE: &str = "import/";
/// Texts that are added in one step: other tabs and the poll have their turn between two of them.
const STEP_TEXTS: usize = 200;

/// Why nothing was brought back. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    File(FileError),
    #[error(transparent)]
    App(#[from] AppError),
}

/// What became of a file's texts.
#[derive(Debug, Default)]
pub struct Sorted {
    pub added: u64,
    pub known: u64,
    pub strangers: u64,
    /// The conversations of the strangers' texts.
    pub unknown: Vec<ConversationId>,
    /// Texts of groups that are not known here, or were deleted.
    pub of_no_group: u64,
    /// Those groups, as the file calls them.
    pub no_groups: Vec<(GroupId, String)>,
}

/// The file, in pieces. `unnamed`: what a group without a name is called. `when`: a time in words.
///
/// # Errors
/// When the storage does not answer.
pub async fn export<P: Platform>(
    engine: &Engine<P>,
    title: &str,
    language: &str,
    unnamed: &str,
    when: impl Fn(u64) -> String,
) -> Result<Vec<String>, AppError> {
    let safekeeping = safekeeping(engine).await?;
    let account_key_hash = engine.account_key().hash();
    let owner = owner(engine, &account_key_hash, &safekeeping);
    let mut file = Writer::begin(owner, title, language);
    // A conversation at a time: the browser puts them together.
    let mut pieces = Vec::new();
    for peer in load_messages::peers(engine).await? {
        file.conversation(&peer);
        for message in load_messages::last(engine, &ConversationId::from(&peer.address), u32::MAX).await? {
            file.message(&message, &when(message.shown_time()));
        }
        pieces.push(file.piece());
    }
    for group in load_messages::groups(engine).await? {
        let name = Some(group.shown.name.as_str()).filter(|name| !name.is_empty());
        file.group(group.id, name.unwrap_or(unnamed));
        for message in load_messages::last(engine, &ConversationId::Group(group.id), u32::MAX).await? {
            file.message(&message, &when(message.shown_time()));
        }
        pieces.push(file.piece());
    }
    pieces.push(file.end());
    Ok(pieces)
}

fn owner<'a, P: Platform>(engine: &'a Engine<P>, hash: &'a Digest, safekeeping: &'a Safekeeping) -> Owner<'a> {
    let Safekeeping { history, older, .. } = safekeeping;
    Owner { email: engine.email(), account_key_hash: hash, history_key: history, older }
}

/// Reads a file and sets its texts aside for the leading tab. `progress` is told how many texts are still to be sorted.
///
/// # Errors
/// When the file is not one of this account, and when the storage refuses: then nothing was set aside.
pub async fn import<P: Platform>(
    engine: &Engine<P>,
    bytes: &[u8],
    progress: impl Fn(u64),
) -> Result<Sorted, ImportError> {
    let safekeeping = safekeeping(engine).await?;
    let account_key_hash = engine.account_key().hash();
    let owner = owner(engine, &account_key_hash, &safekeeping);
    let saved = SavedFile::read(bytes, owner).map_err(ImportError::File)?;
    let (mut aside, mut sorted) = (Vec::new(), Sorted::default());
    if let Err(error) = set_aside(engine, &saved, &mut aside, &mut sorted, progress).await {
        // All of it or none: to delete needs no room.
        for key in &aside {
            let _ = clear(engine, key).await;
        }
        return Err(error.into());
    }
    if !aside.is_empty() {
        engine.ask(Command::Import);
    }
    Ok(sorted)
}

/// How many texts wait for the leading tab to add them.
///
/// # Errors
/// When the storage does not answer.
pub async fn waiting<P: Platform>(engine: &Engine<P>) -> Result<u64, AppError> {
    let (mut left, mut after) = (0, ASIDE.to_owned());
    while let Some(record) = next(engine, &after).await? {
        left += messages(&record.value, engine.email()).map_or(0, |texts| texts.len() as u64);
        after = record.key;
    }
    Ok(left)
}

/// Adds what was set aside, in the leading tab.
pub(super) async fn add_texts<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    while let Some(record) = next(engine, ASIDE).await? {
        // What was set aside is sealed: it reads.
        let texts = messages(&record.value, engine.email()).unwrap_or_default();
        engine.run(async |messenger| Ok(Some(messenger.brought_back(engine.store(), texts).await?))).await?;
        // To add them once more would change nothing.
        clear(engine, &record.key).await?;
    }
    Ok(())
}

/// `aside`: the keys under which texts were set aside, also when this fails.
async fn set_aside<P: Platform>(
    engine: &Engine<P>,
    saved: &SavedFile<'_>,
    aside: &mut Vec<String>,
    sorted: &mut Sorted,
    progress: impl Fn(u64),
) -> Result<(), AppError> {
    let (mut new, mut seen, mut texts) = (Vec::new(), 0_u64, saved.texts());
    while let Some(text) = texts.next() {
        seen += 1;
        match standing(engine.store(), &text).await? {
            Standing::New => new.push(text),
            Standing::Known => sorted.known += 1,
            Standing::Stranger => {
                sorted.strangers += 1;
                if !sorted.unknown.contains(&text.conversation) {
                    sorted.unknown.push(text.conversation);
                }
            }
            Standing::NoGroup => {
                sorted.of_no_group += 1;
                let group =
                    text.conversation.group().filter(|id| sorted.no_groups.iter().all(|(known, _)| known != id));
                sorted.no_groups.extend(group.map(|group| (group, texts.title().to_owned())));
            }
        }
        if new.len() >= STEP_TEXTS {
            put_aside(engine, std::mem::take(&mut new), aside, sorted).await?;
            progress(saved.count().saturating_sub(seen));
        }
    }
    put_aside(engine, new, aside, sorted).await
}

async fn put_aside<P: Platform>(
    engine: &Engine<P>,
    texts: Vec<Message>,
    aside: &mut Vec<String>,
    sorted: &mut Sorted,
) -> Result<(), AppError> {
    let Some(first) = texts.first() else { return Ok(()) };
    let key = [ASIDE, &simple(first.id)].concat();
    sorted.added += texts.len() as u64;
    let value = content(texts);
    engine.put(&[Write { store: TO_RESTORE, key: &key, value: Some(value.as_slice()) }]).await?;
    aside.push(key);
    Ok(())
}

async fn clear<P: Platform>(engine: &Engine<P>, key: &str) -> Result<(), AppError> {
    engine.put(&[Write { store: TO_RESTORE, key, value: None }]).await
}

async fn next<P: Platform>(engine: &Engine<P>, after: &str) -> Result<Option<Record>, AppError> {
    let next = engine.store().after(TO_RESTORE, after).await?;
    Ok(next.filter(|record| record.key.starts_with(ASIDE)))
}
