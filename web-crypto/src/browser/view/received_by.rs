//! Which members of a group have a message of this account, in a dialog.

use super::{dom, fill::fill, names, sentences::word};
use crate::{
    browser::{
        app::{engine::Engine, error::AppError, load_messages},
        platform::browser::Browser,
    },
    client::conversation::{Message, ReceivedBy, Receiver},
};
use cliquet_wire::address::Address;
use web_sys::Element;

const DIALOG: &str = "received-by";

/// Shows who has read it, who has received it, and who has not.
///
/// # Errors
/// When the storage does not answer.
pub async fn show(engine: &Engine<Browser>, message: &Message) -> Result<(), AppError> {
    let Some(ReceivedBy { readers, members }) = &message.received_by else { return Ok(()) };
    let group = match message.conversation.group() {
        Some(id) => load_messages::group(engine, id).await?,
        None => None,
    };
    let Some(dialog) = dom::dialog(DIALOG) else { return Ok(()) };
    let named = |members: Vec<&Receiver>| members.iter().map(|member| names::of(member.address.as_str())).collect();
    let (read, delivered): (Vec<&Receiver>, Vec<&Receiver>) = members.iter().partition(|member| member.has_read);
    let has_it = |address: &Address| members.iter().any(|member| member.address == *address);
    let in_group = group.iter().flat_map(|group| &group.shown.members).map(|member| &member.address);
    let mut without: Vec<String> = in_group
        .filter(|address| *address != engine.email() && !has_it(address))
        .map(|address| names::of(address.as_str()))
        .collect();
    // Of those who joined later, nobody was written to.
    let missing = usize::try_from(*readers).unwrap_or(usize::MAX).saturating_sub(members.len());
    if without.len() > missing {
        without = match missing {
            0 => Vec::new(),
            count => vec![fill(&word("received-by-others"), "count", &count.to_string())],
        };
    }
    show_names(&dialog, "[data-read]", named(read));
    show_names(&dialog, "[data-delivered]", named(delivered));
    show_names(&dialog, "[data-waiting]", without);
    let _ = dialog.show_modal();
    Ok(())
}

/// A part of the dialog, which is left out where it has no names.
fn show_names(dialog: &Element, part: &str, mut names: Vec<String>) {
    let Some(part) = dom::within(dialog, part) else { return };
    dom::hide(&part, names.is_empty());
    names.sort_by_key(|name| name.to_lowercase());
    dom::set_text(&part, "p", &names.join(", "));
}
