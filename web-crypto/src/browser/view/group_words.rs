//! What was changed in a group, in the page's words.

use super::{fill::fill, names, sentences::word};
use crate::client::group::{Change, GroupError, GroupRight, Role, Who};
use cliquet_wire::address::Address;

/// What a member changed, as one line. `own`: this account. `timer`: says how long texts are kept from now on.
pub fn changed(changes: &[Change], sender: &Address, own: &Address, timer: impl Fn(Option<u32>) -> String) -> String {
    let mut sentences = Vec::new();
    let say = |key: &str, who: &str| {
        let key = if sender == own { [key, "-own"].concat() } else { key.to_owned() };
        let sentence = fill(&word(&key), "name", &names::of(sender.as_str()));
        fill(&fill(&sentence, "who", who), "what", who)
    };
    let (mut added, mut informed, mut texts) = (Vec::new(), Vec::new(), 0);
    for change in changes {
        match change {
            Change::Add { address, .. } if address == sender => sentences.push(say("group-made", "")),
            Change::Add { address, hands_over, .. } => {
                added.push(called(address, own));
                if let Some(count) = hands_over {
                    informed.push(called(address, own));
                    texts = texts.max(*count);
                }
            }
            Change::Remove(address) if address == sender => sentences.push(say("group-went", "")),
            Change::Remove(address) => sentences.push(say("group-removed", &called(address, own))),
            Change::SetRole { address, role: Role::Admin } => {
                sentences.push(say("group-promoted", &called(address, own)));
            }
            Change::SetRole { address, role: Role::Member } => {
                sentences.push(say("group-demoted", &called(address, own)));
            }
            Change::Name(name) => sentences.push(say("group-named", name)),
            Change::Description(Some(_)) => sentences.push(say("group-described", "")),
            Change::Description(None) => sentences.push(say("group-undescribed", "")),
            Change::SetRight { right, who } => sentences.push(say(right_set(*right, *who), "")),
            Change::Timer(seconds) => sentences.push(timer(*seconds)),
            Change::Picture(Some(_)) => sentences.push(say("group-pictured", "")),
            Change::Picture(None) => sentences.push(say("group-unpictured", "")),
        }
    }
    if !added.is_empty() {
        sentences.push(say("group-added", &added.join(", ")));
    }
    if !informed.is_empty() {
        let sentence = say("group-handed-over", &informed.join(", "));
        sentences.push(fill(&sentence, "count", &texts.to_string()));
    }
    sentences.dedup();
    sentences.join(" ")
}

fn right_set(right: GroupRight, who: Who) -> &'static str {
    match (right, who) {
        (GroupRight::Add, Who::Everyone) => "group-all-add",
        (GroupRight::Add, Who::Admins) => "group-admins-add",
        (GroupRight::Change, Who::Everyone) => "group-all-change",
        (GroupRight::Change, Who::Admins) => "group-admins-change",
        (GroupRight::Write, Who::Everyone) => "group-all-write",
        (GroupRight::Write, Who::Admins) => "group-admins-write",
    }
}

fn called(address: &Address, own: &Address) -> String {
    if address == own { word("group-you") } else { names::of(address.as_str()) }
}

/// Why a group was not made or changed.
pub fn refused(error: GroupError) -> String {
    word(match error {
        GroupError::NoAdmin => "group-no-admin",
        GroupError::TooManyMembers => "group-full",
        GroupError::NotTold => "group-not-told",
        _ => "group-not-possible",
    })
}
