//! Messages and their authors in the page's words.

use super::{
    dates::Dates,
    file_words,
    fill::fill,
    group_words, names, rich_text,
    sentences::word,
    words::{Word, Words},
};
use crate::client::{
    content::is_blank,
    conversation::{Failure, Message, MessageBody, Notice},
};
use cliquet_wire::{address::Address, problem::ProblemCode};
use std::borrow::Cow;

/// What messages are shown with.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub words: &'a Words,
    pub dates: &'a Dates,
    /// This account's address.
    pub own: &'a Address,
}

/// How an account is called in a conversation.
pub fn name(account: &Address, look: Look<'_>) -> String {
    if account == look.own { look.words.get(Word::You).to_owned() } else { names::of(account.as_str()) }
}

/// Who handed a message of a group over, in words. `None`: its author sent it to this account.
pub fn passed_on(message: &Message, look: Look<'_>) -> Option<String> {
    let member = message.passed_on_by.as_ref()?;
    Some(fill(&word("passed-on"), "name", &name(member, look)))
}

/// What a message says now, in words.
pub fn said<'a>(message: &'a Message, look: Look<'a>) -> Cow<'a, str> {
    match &message.body {
        // A file says enough.
        MessageBody::Text(_) if message.attachment.is_some() && is_blank(message.text()) => Cow::Borrowed(""),
        MessageBody::Text(_) => Cow::Borrowed(newest_text(message, look.words)),
        other => body(other, &message.sender, look),
    }
}

/// The newest text of a message.
pub fn newest_text<'a>(message: &'a Message, words: &'a Words) -> &'a str {
    text(message.text(), words)
}

/// The newest text of a message on one line; what its file is, where it has no text.
pub fn in_short(message: &Message, words: &Words) -> String {
    match &message.attachment {
        Some(file) if is_blank(message.text()) => file_words::in_short(file.kind(), &file.name),
        _ => rich_text::in_short(newest_text(message, words)).into_owned(),
    }
}

/// A text; words where nothing of it would be seen.
pub fn text<'a>(text: &'a str, words: &'a Words) -> &'a str {
    if is_blank(text) { words.get(Word::MessageEmpty) } else { text }
}

/// A message in words.
pub fn body<'a>(body: &'a MessageBody, sender: &'a Address, look: Look<'a>) -> Cow<'a, str> {
    let words = look.words;
    Cow::Borrowed(match body {
        MessageBody::Text(said) => text(said, words),
        MessageBody::Deleted => words.get(Word::MessageDeleted),
        MessageBody::Expired => words.get(Word::MessageExpired),
        MessageBody::Timer(seconds) => return Cow::Owned(timer(*seconds, sender, look)),
        MessageBody::Group(changes) => {
            return Cow::Owned(group_words::changed(changes, sender, look.own, |seconds| timer(seconds, sender, look)));
        }
        MessageBody::Notice(Notice::KeyChanged) => words.get(Word::KeyChanged),
        MessageBody::Notice(Notice::CannotOpen) => words.get(Word::CannotOpen),
        MessageBody::Notice(Notice::NewerVersion) => words.get(Word::NewerVersion),
        MessageBody::Notice(Notice::DeviceAdded) => words.get(Word::ContactDeviceAdded),
        MessageBody::Notice(Notice::DeviceRemoved) => words.get(Word::ContactDeviceRemoved),
        MessageBody::Notice(Notice::ListForked) => words.get(Word::ListForked),
        MessageBody::Notice(Notice::ListStale) => words.get(Word::ListStale),
    })
}

/// Who set how long texts are kept.
fn timer(seconds: Option<u32>, sender: &Address, look: Look<'_>) -> String {
    let sentence = match (seconds.is_some(), sender == look.own) {
        (true, true) => Word::TimerSetOwn,
        (true, false) => Word::TimerSet,
        (false, true) => Word::TimerOffOwn,
        (false, false) => Word::TimerOff,
    };
    let time = seconds.map(|seconds| look.dates.duration(seconds)).unwrap_or_default();
    fill(&fill(look.words.get(sentence), "name", &names::of(sender.as_str())), "time", &time)
}

/// Why a message was not sent.
pub fn why(failure: Failure) -> Word {
    match failure {
        Failure::KeyChanged => Word::FailedKeyChanged,
        Failure::Expired => Word::FailedExpired,
        Failure::NotAMember => Word::FailedNotAMember,
        Failure::Refused(ProblemCode::AccountDeleted) => Word::FailedAccountDeleted,
        Failure::Refused(ProblemCode::MailboxFull) => Word::FailedMailboxFull,
        Failure::Refused(ProblemCode::NotAContact) => Word::FailedNotAContact,
        Failure::Refused(ProblemCode::Unanswered) => Word::FailedUnanswered,
        Failure::Refused(ProblemCode::UnknownAccount) => Word::FailedUnknownAccount,
        Failure::Refused(ProblemCode::StorageFull) => Word::FailedStorageFull,
        Failure::Refused(ProblemCode::TooLarge) => Word::FailedTooLarge,
        Failure::Refused(ProblemCode::WrongSender) => Word::FailedDeviceGone,
        Failure::Refused(ProblemCode::FileTooLarge) => Word::FailedFileTooLarge,
        Failure::Refused(ProblemCode::FilesFull) => Word::FailedFilesFull,
        Failure::Refused(ProblemCode::ServerFilesFull) => Word::FailedStorageFull,
        Failure::Refused(ProblemCode::FilesOff) => Word::FailedFilesOff,
        Failure::FileLost => Word::FailedFileLost,
        Failure::Refused(_) | Failure::BadPreKeys => Word::Failed,
    }
}
