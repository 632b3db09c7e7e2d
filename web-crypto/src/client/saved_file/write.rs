//! Writing the file, a conversation at a time.

use super::{END, ESCAPED, HEAD, Owner, PROOF, REFUSED, STATES, STATUSES, VERSION};
use crate::{
    client::{
        conversation::{Amendments, ConversationId, DeliveryStatus, Failure, GroupId, Message},
        peer::Peer,
        records::simple,
    },
    crypto::{cbor, file_proof::FileProof},
};
use cliquet_wire::bytes::Blob;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}\
ol{list-style:none;padding:0}li{margin:.5rem 0}p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext}time{opacity:.7;font-size:.875rem}";

/// A file as it is written: piece by piece, none of which is kept.
#[derive(Debug)]
pub struct Writer<'a> {
    owner: Owner<'a>,
    piece: String,
    proof: FileProof,
    texts: u64,
    is_open: bool,
}

impl<'a> Writer<'a> {
    /// `title` and `language` are for the person who reads the page.
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

    /// Begins a conversation. One with the account itself is left out.
    pub fn conversation(&mut self, peer: &Peer) {
        let Some(state) = name_of(&STATES, peer.trust) else { return };
        self.section(&ConversationId::from(&peer.address));
        self.attribute("account-key", &peer.account_key.hash().to_string());
        self.attribute("state", state);
        self.attribute("verified", if peer.verified { "true" } else { "false" });
        self.heading(peer.address.as_str());
    }

    /// Begins the conversation of a group. `title`: its name, for the person who reads the page.
    pub fn group(&mut self, id: GroupId, title: &str) {
        self.section(&ConversationId::Group(id));
        self.heading(title);
    }

    fn section(&mut self, conversation: &ConversationId) {
        self.close();
        self.is_open = true;
        self.raw("<section");
        self.attribute("conversation", &conversation.text());
    }

    fn heading(&mut self, title: &str) {
        self.raw("><h2>");
        self.text(title);
        self.raw("</h2><ol>");
    }

    /// A text of the conversation that was begun last; notices are left out, and what disappears. `when`: its time, in words.
    pub fn message(&mut self, message: &Message, when: &str) {
        if message.is_notice() || message.lifetime.is_some() {
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
            let blob = Blob(cbor::save(&message.amendments).to_vec());
            self.attribute("amendments", &blob.to_string());
        }
        if let Some(quote) = &message.quote {
            self.attribute("quote", &quote.to_string());
        }
        if let Some(received) = &message.received_by {
            let blob = Blob(cbor::save(received).to_vec());
            self.attribute("received-by", &blob.to_string());
        }
        if let Some(member) = &message.passed_on_by {
            self.attribute("passed-on-by", member.as_str());
        }
        if let Some(attachment) = &message.attachment {
            let blob = Blob(cbor::encode(&**attachment).to_vec());
            self.attribute("attachment", &blob.to_string());
        }
        self.raw("><b>");
        self.text(message.sender.as_str());
        self.raw("</b> <time>");
        self.text(when);
        self.raw("</time>");
        if let Some(attachment) = &message.attachment {
            self.raw(" <i>");
            self.text(&attachment.name);
            self.raw("</i>");
        }
        self.raw("<p>");
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

fn name_of<T: Copy + PartialEq>(names: &[(T, &'static str)], value: T) -> Option<&'static str> {
    names.iter().find(|(named, _)| *named == value).map(|(_, name)| *name)
}
