//! Reading the file back.

use super::{END, ESCAPED, FILE_BYTES_MAX, FileError, HEAD, Owner, PROOF_CHARS, REFUSED, STATES, STATUSES, VERSION};
use crate::{
    client::conversation::{
        Amendments, ConversationId, DeliveryStatus, Failure, Message, MessageBody, MessageId, ReceivedBy,
    },
    crypto::{attachment::Attachment, cbor, file_proof::FileProof},
};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Digest},
    problem::ProblemCode,
};
use uuid::Uuid;

/// A file that is whole, unaltered, and of this account.
#[derive(Debug)]
pub struct SavedFile<'a> {
    body: Cursor<'a>,
    texts: u64,
}

/// What is left to read.
#[derive(Clone, Copy, Debug)]
struct Cursor<'a>(&'a str);

/// Goes through a file's texts.
#[derive(Debug)]
pub struct Texts<'a> {
    rest: Cursor<'a>,
    conversation: Option<ConversationId>,
    title: String,
}

impl<'a> SavedFile<'a> {
    /// Whether a file of so many bytes is read at all.
    ///
    /// # Errors
    /// Past [`FILE_BYTES_MAX`].
    pub fn fits(bytes: u64) -> Result<(), FileError> {
        if bytes > FILE_BYTES_MAX { Err(FileError::TooLarge) } else { Ok(()) }
    }

    /// A file that was checked to its end.
    ///
    /// # Errors
    /// [`FileError`]. Nothing of it is taken then.
    pub fn read(file: &'a [u8], owner: Owner<'_>) -> Result<Self, FileError> {
        Self::fits(file.len() as u64)?;
        if !file.starts_with(HEAD.as_bytes()) {
            return Err(FileError::Foreign);
        }
        // Cut off within a character, or not; in either case the end is missing.
        let Some(before_end) = file.strip_suffix(END.as_bytes()) else { return Err(Self::without_end(file)) };
        let whole = std::str::from_utf8(before_end).map_err(|_| FileError::Altered)?;
        let mut rest = Cursor(whole);
        rest.head()?;
        let (account, key_hash) = rest.account().ok_or(FileError::Altered)?;
        if account != *owner.email {
            return Err(FileError::OtherAccount(account));
        }
        if key_hash != *owner.account_key_hash {
            return Err(FileError::EarlierAccount);
        }
        let (proven, proof) = before_end
            .len()
            .checked_sub(PROOF_CHARS)
            .and_then(|at| whole.split_at_checked(at))
            .ok_or(FileError::Altered)?;
        let mut all = FileProof::default();
        all.take(proven.as_bytes());
        let proof =
            proof.strip_prefix('"').and_then(|proof| proof.strip_suffix('"')).and_then(|proof| proof.parse().ok());
        let mut keys = std::iter::once(owner.history_key).chain(owner.older.newest_first());
        if !proof.is_some_and(|proof| keys.any(|key| all.clone().fits(key, &proof))) {
            return Err(FileError::Altered);
        }
        Self::opened(rest, owner.email).ok_or(FileError::Altered)
    }

    /// A file of a later version may end in another way.
    fn without_end(file: &[u8]) -> FileError {
        let head = file.get(..HEAD.len() + 20).unwrap_or(file);
        let head = String::from_utf8_lossy(head);
        Cursor(&head).head().err().filter(|error| *error == FileError::Newer).unwrap_or(FileError::CutOff)
    }

    /// Goes through it once: what is well proven and does not read was written by another program.
    fn opened(mut rest: Cursor<'a>, own: &Address) -> Option<Self> {
        rest.until("</h1>")?;
        let mut texts = Texts::of(rest);
        let mut count = 0;
        while let Some(message) = texts.step()? {
            if !message.fits_account(own) || !fits_group(&message) {
                return None;
            }
            count += 1;
        }
        let mut end = texts.rest;
        end.skip("<footer")?;
        if end.number("texts")? != count {
            return None;
        }
        Some(Self { body: rest, texts: count })
    }

    /// How many texts were read so far.
    pub fn count(&self) -> u64 {
        self.texts
    }

    /// In the file's order, which is each conversation's. Their marks are what a new device may take: what waited to be
    /// sent when the file was saved can be sent again, and is not by itself.
    pub fn texts(&self) -> Texts<'a> {
        Texts::of(self.body)
    }
}

impl Iterator for Texts<'_> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.step().flatten()
    }
}

impl<'a> Texts<'a> {
    fn of(rest: Cursor<'a>) -> Self {
        Self { rest, conversation: None, title: String::new() }
    }

    /// What the file calls the conversation of the text that was given last: an address, or the name of a group.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// `None`: it does not read. `Some(None)`: there are no more.
    fn step(&mut self) -> Option<Option<Message>> {
        let rest = &mut self.rest;
        loop {
            if self.conversation.is_some() {
                if rest.skip("<li").is_some() {
                    break;
                }
                rest.skip("</ol></section>")?;
                self.conversation = None;
            }
            if rest.skip("<section").is_none() {
                return Some(None);
            }
            let conversation: ConversationId = rest.attribute("conversation")?.parse().ok()?;
            if conversation.peer().is_some() {
                let _: Digest = rest.attribute("account-key")?.parse().ok()?;
                by_name(&STATES, rest.attribute("state")?)?;
                let _: bool = rest.attribute("verified")?.parse().ok()?;
            }
            rest.skip("><h2>")?;
            self.title = unescaped(rest.until("</h2><ol>")?)?;
            self.conversation = Some(conversation);
        }
        let sender = Address::canonical(rest.attribute("sender")?).ok()?;
        let id = MessageId(Uuid::try_parse(rest.attribute("id")?).ok()?);
        let (sort_time, client_time, server_time) =
            (rest.number("place")?, rest.number("written")?, rest.number("taken")?);
        let status = match rest.attribute("status")? {
            // Whether it went out later is not known here. Sent again under the same id it is shown once.
            "waiting" => DeliveryStatus::Failed(Failure::BadPreKeys),
            status => match status.strip_prefix(REFUSED) {
                Some(code) => DeliveryStatus::Failed(Failure::Refused(ProblemCode::named(code)?)),
                None => by_name(&STATUSES, status)?,
            },
        };
        let mut amendments = Amendments::default();
        if rest.0.starts_with(" data-amendments=") {
            let Blob(bytes) = rest.attribute("amendments")?.parse().ok()?;
            amendments = cbor::load(&bytes).ok()?;
        }
        let mut quote = None;
        if rest.0.starts_with(" data-quote=") {
            quote = Some(rest.attribute("quote")?.parse().ok()?);
        }
        let mut received_by: Option<ReceivedBy> = None;
        if rest.0.starts_with(" data-received-by=") {
            let Blob(bytes) = rest.attribute("received-by")?.parse().ok()?;
            received_by = Some(cbor::load(&bytes).ok()?);
        }
        let mut passed_on_by = None;
        if rest.0.starts_with(" data-passed-on-by=") {
            passed_on_by = Some(Address::canonical(rest.attribute("passed-on-by")?).ok()?);
        }
        let mut attachment: Option<Box<Attachment>> = None;
        if rest.0.starts_with(" data-attachment=") {
            let Blob(bytes) = rest.attribute("attachment")?.parse().ok()?;
            attachment = Some(Box::new(cbor::decode(&bytes).ok()?));
        }
        rest.skip("><b>")?;
        rest.until("</time>")?;
        if attachment.is_some() {
            rest.until("</i>")?;
        }
        rest.skip("<p>")?;
        let text = unescaped(rest.until("</p></li>")?)?;
        // The newest text is shown as if it were the first; the edit that made it says so.
        let body = if amendments.is_deleted() { MessageBody::Deleted } else { MessageBody::Text(text) };
        let conversation = self.conversation.clone()?;
        let message = Message {
            id,
            conversation,
            sender,
            sort_time,
            client_time,
            server_time,
            body,
            status,
            amendments,
            quote,
            lifetime: None,
            received_by,
            passed_on_by,
            attachment,
        };
        Some(Some(message))
    }
}

impl<'a> Cursor<'a> {
    fn skip(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// The text before the literal; both are skipped.
    fn until(&mut self, literal: &str) -> Option<&'a str> {
        let (before, rest) = self.0.split_once(literal)?;
        self.0 = rest;
        Some(before)
    }

    fn attribute(&mut self, name: &str) -> Option<&'a str> {
        self.skip(" data-")?;
        self.skip(name)?;
        self.skip("=\"")?;
        self.until("\"")
    }

    fn number(&mut self, name: &str) -> Option<u64> {
        self.attribute(name)?.parse().ok()
    }

    fn head(&mut self) -> Result<(), FileError> {
        self.skip(HEAD).ok_or(FileError::Foreign)?;
        match self.until("\"").and_then(|version| version.parse().ok()) {
            Some(VERSION) => Ok(()),
            Some(version) if version > VERSION => Err(FileError::Newer),
            _ => Err(FileError::Altered),
        }
    }

    fn account(&mut self) -> Option<(Address, Digest)> {
        let account = Address::parse(self.attribute("account")?).ok()?;
        Some((account, self.attribute("account-key")?.parse().ok()?))
    }
}

/// Whether it has what only a message in a group has: receipts of members go to its author, and only what others wrote is
/// handed over.
fn fits_group(message: &Message) -> bool {
    let is_in_group = message.conversation.group().is_some();
    let has_receipts_well = message.received_by.is_none() || (is_in_group && message.is_own());
    has_receipts_well && (message.passed_on_by.is_none() || (is_in_group && !message.is_own()))
}

fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut plain = String::from(parts.next()?);
    for part in parts {
        let (character, rest) = ESCAPED
            .iter()
            .find_map(|(character, name)| Some((*character, part.strip_prefix(name.strip_prefix('&')?)?)))?;
        plain.push(character);
        plain.push_str(rest);
    }
    Some(plain)
}

fn by_name<T: Copy>(names: &[(T, &'static str)], name: &str) -> Option<T> {
    names.iter().find(|(_, known)| *known == name).map(|(value, _)| *value)
}
