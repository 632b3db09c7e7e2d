//! Whose the lines of a group are: the avatars beside them. The first of several lines of one author has one.

use super::{Engine, avatar, conversation::OpenConversation, dom, names};
use crate::browser::app::{error::AppError, load_messages};
use cliquet_wire::address::Address;
use std::collections::BTreeMap;

/// The author of a line, on it.
const SENDER: &str = "data-sender";

/// Draws the avatars that are not drawn yet.
///
/// # Errors
/// When the storage does not answer.
pub async fn fill(engine: &Engine, open: &OpenConversation) -> Result<(), AppError> {
    let mut known = BTreeMap::new();
    for line in dom::all_within(open.section(), "[data-sender]:not(.continued):has(> .avatar:not([data-shows]))") {
        let Some(sender) = line.get_attribute(SENDER).and_then(|sender| Address::parse(&sender).ok()) else { continue };
        if !known.contains_key(&sender) {
            known.insert(sender.clone(), load_messages::peer(engine, &sender).await?);
        }
        match known.get(&sender) {
            Some(Some(peer)) => avatar::show(engine, &line, peer).await?,
            _ => avatar::draw_letter(&line, sender.as_str(), &names::of(sender.as_str())),
        }
    }
    Ok(())
}

/// What somebody shows of themselves has changed.
pub fn outdate(open: &OpenConversation, sender: &Address) {
    let avatars = ["[data-sender=\"", sender.as_str(), "\"] > .avatar"].concat();
    dom::all_within(open.section(), &avatars).iter().for_each(avatar::forget);
}
