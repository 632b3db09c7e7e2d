//! The file that holds all of an account's texts: one page without script, that opens in any browser, and that a device
//! of the same account reads back.
//!
//! Owns its markup, in both directions. Knows nothing of stores, of dates in words, or of downloads. Reading is strict:
//! a file is taken as it was written, or not at all.

use super::{
    conversation::{Amendments, ConversationId, DeliveryStatus, Failure, Message, MessageBody, MessageId},
    peer::{Peer, Trust},
    records::simple,
};
use crate::crypto::{cbor, file_proof::FileProof, keys::Key};
use cliquet_wire::{
    address::Address,
    bytes::{Blob, Digest},
    problem::ProblemCode,
};
use uuid::Uuid;

/// A file is read in memory, once as bytes and once more piece by piece. A million texts of the usual length.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

const VERSION: u64 = 1;
const HEAD: &str = "<!doctype html><html data-cliquet-file=\"";
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
ol{list-style:none;padding:0}li{margin:.5rem 0}p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}time{opacity:.7;font-size:.875rem}";
const STATES: [(Trust, &str); 3] =
    [(Trust::Added, "added"), (Trust::Requested, "requested"), (Trust::Blocked, "blocked")];
/// Before the name of the problem by which the server refused a text.
const REFUSED: &str = "refused-";
const STATUSES: [(DeliveryStatus, &str); 8] = [
    (DeliveryStatus::Waiting, "waiting"),
    (DeliveryStatus::Sent, "sent"),
    (DeliveryStatus::Delivered, "delivered"),
    (DeliveryStatus::Read, "read"),
    (DeliveryStatus::Received, "received"),
    (DeliveryStatus::Failed(Failure::KeyChanged), "key-changed"),
    (DeliveryStatus::Failed(Failure::BadPreKeys), "not-sent"),
    (DeliveryStatus::Failed(Failure::Expired), "expired"),
];
/// In front of the proof, which covers everything up to here; and behind it.
const PROOF: &str = " data-proof=";
const END: &str = "></footer></html>\n";
/// A digest as JSON writes it.
const PROOF_CHARS: usize = 45;

/// Whose file it is.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    pub email: &'a Address,
    pub account_key_hash: &'a Digest,
    /// Of the vault's keys; every device of the account has it.
    pub history_key: &'a Key,
}

/// A file as it is written: piece by piece, none of which is kept.
#[derive(Debug)]
pub struct Writer<'a> {
    owner: Owner<'a>,
    piece: String,
    proof: FileProof,
    texts: u64,
    is_open: bool,
}

/// Why a file is not taken. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("larger than files may be")]
    TooLarge,
    #[error("not a file of this program")]
    Foreign,
    #[error("written by a later version")]
    Newer,
    #[error("the end is missing")]
    CutOff,
    #[error("of another account")]
    OtherAccount(Address),
    /// Losing password and recovery key means a new account under the same address.
    #[error("of an earlier account of this address")]
    EarlierAccount,
    #[error("not as it was written")]
    Altered,
}

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
}

impl<'a> Writer<'a> {
    /// `title` and `language` are for whoever reads the page.
    pub fn begin(owner: Owner<'a>, title: &str, language: &str) -> Self {
        let mut to = Self { owner, piece: String::new(), proof: FileProof::default(), texts: 0, is_open: false };
        to.raw(HEAD);
        to.raw(&VERSION.to_string());
        to.raw("\"");
        to.attribute("account", owner.email.as_str());
        to.attribute("account-key", &owner.account_key_hash.to_string());
        to.raw(" lang=\"");
        to.text(language);
        to.raw("\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>");
        to.text(title);
        to.raw("</title><style>");
        to.raw(STYLE);
        to.raw("</style><h1>");
        to.text(title);
        to.raw("</h1>");
        to
    }

    /// What was written since this was last asked.
    pub fn piece(&mut self) -> String {
        self.proof.take(self.piece.as_bytes());
        std::mem::take(&mut self.piece)
    }

    /// Begins a conversation. Oneself is none.
    pub fn conversation(&mut self, peer: &Peer) {
        let Some(state) = name_of(&STATES, peer.trust) else { return };
        self.close();
        self.is_open = true;
        self.raw("<section");
        self.attribute("conversation", &ConversationId::from(&peer.address).text());
        self.attribute("account-key", &peer.account_key.hash().to_string());
        self.attribute("state", state);
        self.attribute("verified", if peer.verified { "true" } else { "false" });
        self.raw("><h2>");
        self.text(peer.address.as_str());
        self.raw("</h2><ol>");
    }

    /// A text of the conversation that was begun last; notices are left out. `when`: its time, in words.
    pub fn message(&mut self, message: &Message, when: &str) {
        if message.is_notice() {
            return;
        }
        self.texts += 1;
        self.raw("<li");
        self.attribute("sender", message.sender.as_str());
        self.attribute("id", &simple(message.id));
        self.attribute("place", &message.sort_time.to_string());
        self.attribute("written", &message.client_time.to_string());
        self.attribute("taken", &message.server_time.to_string());
        match message.status {
            DeliveryStatus::Failed(Failure::Refused(code)) => {
                self.attribute("status", &[REFUSED, code.as_str()].concat())
            }
            status => self.attribute("status", name_of(&STATUSES, status).unwrap_or_default()),
        }
        if message.amendments != Amendments::default() {
            let blob = serde_json::to_string(&Blob(cbor::save(&message.amendments).to_vec())).unwrap_or_default();
            self.attribute("amendments", blob.trim_matches('"'));
        }
        self.raw("><b>");
        self.text(message.sender.as_str());
        self.raw("</b> <time>");
        self.text(when);
        self.raw("</time><p>");
        self.text(message.text());
        self.raw("</p></li>");
    }

    /// The last piece.
    pub fn end(mut self) -> String {
        self.close();
        self.raw("<footer");
        self.attribute("texts", &self.texts.to_string());
        self.raw(PROOF);
        let mut piece = self.piece();
        let proof = self.proof.finish(self.owner.history_key).to_string();
        ["\"", &proof, "\""].into_iter().for_each(|part| piece.push_str(part));
        piece.push_str(END);
        piece
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.raw("</ol></section>");
        }
    }

    fn raw(&mut self, text: &str) {
        self.piece.push_str(text);
    }

    /// No value has anything to escape: names, digits, base64url, addresses.
    fn attribute(&mut self, name: &str, value: &str) {
        [" data-", name, "=\"", value, "\""].into_iter().for_each(|part| self.raw(part));
    }

    /// As text between tags, and inside double quotes (HTML section 13.3).
    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match ESCAPED.iter().find(|(escaped, _)| *escaped == character) {
                Some((_, name)) => self.raw(name),
                None => self.piece.push(character),
            }
        }
    }
}

const ESCAPED: [(char, &str); 5] =
    [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\u{a0}', "&nbsp;")];

impl<'a> SavedFile<'a> {
    /// Before anything of it is read.
    pub fn fits(bytes: u64) -> Result<(), FileError> {
        if bytes > FILE_BYTES_MAX { Err(FileError::TooLarge) } else { Ok(()) }
    }

    /// Checks all of it.
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
        if !proof.is_some_and(|proof| all.fits(owner.history_key, &proof)) {
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
        let mut texts = Texts { rest, conversation: None };
        let mut count = 0;
        while let Some(message) = texts.step()? {
            let is_own = message.sender == *own;
            let fits = is_own || message.conversation.is_with(&message.sender);
            if message.conversation.is_with(own) || !fits || is_own == (message.status == DeliveryStatus::Received) {
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

    pub fn count(&self) -> u64 {
        self.texts
    }

    /// In the file's order, which is each conversation's. Their marks are what a new device may take: what waited to be
    /// sent when the file was saved can be sent again, and is not by itself.
    pub fn texts(&self) -> Texts<'a> {
        Texts { rest: self.body, conversation: None }
    }
}

impl Iterator for Texts<'_> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.step().flatten()
    }
}

impl Texts<'_> {
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
            let conversation = rest.attribute("conversation")?.parse().ok()?;
            let _: Digest = rest.attribute("account-key")?.parse().ok()?;
            by_name(&STATES, rest.attribute("state")?)?;
            let _: bool = rest.attribute("verified")?.parse().ok()?;
            rest.skip("><h2>")?;
            rest.until("</h2><ol>")?;
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
            let Blob(bytes) = serde_json::from_str(&["\"", rest.attribute("amendments")?, "\""].concat()).ok()?;
            amendments = cbor::load(&bytes).ok()?;
        }
        rest.skip("><b>")?;
        rest.until("</time><p>")?;
        let text = unescaped(rest.until("</p></li>")?)?;
        // The newest text is shown as if it were the first; the edit that made it says so.
        let body = if amendments.is_deleted() { MessageBody::Deleted } else { MessageBody::Text(text) };
        let conversation = self.conversation.clone()?;
        Some(Some(Message { id, conversation, sender, sort_time, client_time, server_time, body, status, amendments }))
    }
}

impl<'a> Cursor<'a> {
    fn skip(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// What stands before the literal, which is skipped.
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

fn name_of<T: Copy + PartialEq>(names: &[(T, &'static str)], value: T) -> Option<&'static str> {
    names.iter().find(|(named, _)| *named == value).map(|(_, name)| *name)
}

fn by_name<T: Copy>(names: &[(T, &'static str)], name: &str) -> Option<T> {
    names.iter().find(|(_, known)| *known == name).map(|(value, _)| *value)
}
