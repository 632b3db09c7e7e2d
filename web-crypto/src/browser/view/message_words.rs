//! Messages and their authors in the page's words.

use super::{
    dates::Dates,
    words::{Word, Words},
};
use crate::client::{
    content::is_blank,
    conversation::{Failure, Message, MessageBody, Notice},
};
use cliquet_wire::{address::Address, problem::ProblemCode};

/// What messages are shown with.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub words: &'a Words,
    pub dates: &'a Dates,
    /// This account's address.
    pub own: &'a Address,
}

/// How an account is called in a conversation.
pub fn name<'a>(account: &'a Address, look: Look<'a>) -> &'a str {
    if account == look.own { look.words.get(Word::You) } else { account.as_str() }
}

/// What a message says now, in words.
pub fn said<'a>(message: &'a Message, words: &'a Words) -> &'a str {
    match &message.body {
        MessageBody::Text(_) => text(message.text(), words),
        other => body(other, words),
    }
}

/// A text; words where nothing of it would be seen.
fn text<'a>(text: &'a str, words: &'a Words) -> &'a str {
    if is_blank(text) { words.get(Word::MessageEmpty) } else { text }
}

/// A message in words.
pub fn body<'a>(body: &'a MessageBody, words: &'a Words) -> &'a str {
    match body {
        MessageBody::Text(said) => text(said, words),
        MessageBody::Deleted => words.get(Word::MessageDeleted),
        MessageBody::Notice(Notice::KeyChanged) => words.get(Word::KeyChanged),
        MessageBody::Notice(Notice::CannotOpen) => words.get(Word::CannotOpen),
        MessageBody::Notice(Notice::NewerVersion) => words.get(Word::NewerVersion),
        MessageBody::Notice(Notice::DeviceAdded) => words.get(Word::ContactDeviceAdded),
        MessageBody::Notice(Notice::DeviceRemoved) => words.get(Word::ContactDeviceRemoved),
        MessageBody::Notice(Notice::ListForked) => words.get(Word::ListForked),
        MessageBody::Notice(Notice::ListStale) => words.get(Word::ListStale),
    }
}

/// Why a message was not sent.
pub fn why(failure: Failure) -> Word {
    match failure {
        Failure::KeyChanged => Word::FailedKeyChanged,
        Failure::Expired => Word::FailedExpired,
        Failure::Refused(ProblemCode::AccountDeleted) => Word::FailedAccountDeleted,
        Failure::Refused(ProblemCode::MailboxFull) => Word::FailedMailboxFull,
        Failure::Refused(ProblemCode::NotAContact) => Word::FailedNotAContact,
        Failure::Refused(ProblemCode::Unanswered) => Word::FailedUnanswered,
        Failure::Refused(ProblemCode::UnknownAccount) => Word::FailedUnknownAccount,
        Failure::Refused(ProblemCode::StorageFull) => Word::FailedStorageFull,
        Failure::Refused(ProblemCode::TooLarge) => Word::FailedTooLarge,
        Failure::Refused(ProblemCode::WrongSender) => Word::FailedDeviceGone,
        Failure::Refused(_) | Failure::BadPreKeys => Word::Failed,
    }
}
