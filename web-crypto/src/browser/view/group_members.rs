//! The members of a group and what may be done with them, and the pane that makes a group.

use super::{
    Engine, avatar, contacts,
    conversation::OpenConversation,
    conversation_menu::close_menu,
    dom, group_link,
    group_settings::{self, complain, fault_of_name},
    names,
    sentences::word,
};
use crate::{
    browser::{
        app::{
            command::{Command, GroupAction},
            error::AppError,
            load_messages,
        },
        platform::{htmx, task, timer},
    },
    client::{
        conversation::{ConversationId, GroupId},
        group::{Group, Role},
        peer::{Peer, Trust},
    },
};
use cliquet_wire::{address::Address, limits::GROUP_MEMBERS_MAX};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlFieldSetElement, HtmlInputElement};

/// The leader has made a group long before.
const MADE_LOOKS_MAX: u32 = 600;
const MADE_LOOK_MS: u32 = 100;

/// Does what a button or form asks that belongs to groups.
pub fn serve(engine: Rc<Engine>, element: Element) {
    task::spawn(async move {
        if let Err(error) = act(&engine, &element).await {
            super::notices::complain(&error);
        }
    });
}

async fn act(engine: &Rc<Engine>, element: &Element) -> Result<(), AppError> {
    if element.has_attribute("data-new-group-open") {
        return show_new(engine).await;
    }
    if element.has_attribute("data-new-group") {
        return make(engine, element).await;
    }
    let Some(open) = OpenConversation::find() else { return Ok(()) };
    let Some(group) = open.id.group() else { return Ok(()) };
    if element.has_attribute("data-group-info") {
        return toggle(engine, &open, group).await;
    }
    if element.has_attribute("data-choose-group-picture") {
        group_settings::choose_picture(open.section());
        return Ok(());
    }
    if element.has_attribute("data-members-changed") {
        return fill(engine, &open, group).await;
    }
    let member = element.closest("[data-member]").ok().flatten();
    let member = member.and_then(|member| Address::parse(&member.get_attribute("data-member")?).ok());
    let action = match (element.get_attribute("data-group-do").as_deref(), member) {
        (Some("join"), _) => GroupAction::Join,
        (Some("leave"), _) => GroupAction::Leave,
        (Some("forget"), _) => GroupAction::Forget,
        (Some("remove-picture"), _) => GroupAction::SetPicture(None),
        (Some("take-back-wish"), _) => GroupAction::TakeBackWish,
        (Some("make-link"), _) => GroupAction::MakeLink { asks: group_link::asks(open.section()) },
        (Some("link-asks"), _) => GroupAction::LinkAsks(group_link::asks(open.section())),
        (Some("withdraw-link"), _) => GroupAction::WithdrawLink,
        (Some("copy-link"), _) => {
            group_link::copy(open.section());
            return Ok(());
        }
        (Some("admit"), Some(address)) => {
            let line = element.closest("[data-member]").ok().flatten();
            GroupAction::Add { members: vec![address], hands_over: line.is_some_and(|line| hands_over(&line)) }
        }
        (Some("refuse"), Some(address)) => GroupAction::Refuse(address),
        (Some("promote"), Some(address)) => GroupAction::SetRole { address, role: Role::Admin },
        (Some("demote"), Some(address)) => GroupAction::SetRole { address, role: Role::Member },
        (Some("remove"), Some(address)) => GroupAction::Remove(address),
        _ if element.has_attribute("data-group-add") => {
            let chosen = chosen(element);
            if chosen.is_empty() {
                complain(element, "group-choose");
                return Ok(());
            }
            GroupAction::Add { members: chosen, hands_over: hands_over(element) }
        }
        _ if element.has_attribute("data-group-picture") => match group_settings::picture(element).await {
            Some(picture) => GroupAction::SetPicture(Some(picture)),
            None => return Ok(()),
        },
        _ => match group_settings::wanted(element) {
            Some(action) => action,
            None => return Ok(()),
        },
    };
    complain(element, "");
    close_menu(element);
    engine.ask(Command::InGroup { group, action });
    Ok(())
}

async fn toggle(engine: &Engine, open: &OpenConversation, group: GroupId) -> Result<(), AppError> {
    let Some(info) = dom::within(open.section(), "#group-info") else { return Ok(()) };
    let opens = info.has_attribute("hidden");
    dom::hide(&info, !opens);
    if let Some(button) = dom::within(open.section(), "[data-group-info]") {
        let _ = button.set_attribute("aria-expanded", if opens { "true" } else { "false" });
    }
    if opens { fill(engine, open, group).await } else { Ok(()) }
}

/// Shows the members, and whom this account may add.
async fn fill(engine: &Engine, open: &OpenConversation, id: GroupId) -> Result<(), AppError> {
    let Some(group) = load_messages::group(engine, id).await? else { return Ok(()) };
    let section = open.section();
    let (Some(list), Some(template)) = (dom::within(section, ".members"), dom::within(section, "#member-template"))
    else {
        return Ok(());
    };
    // Put on the page at once: the group may change again meanwhile.
    let mut lines = Vec::with_capacity(group.shown.members.len());
    for member in &group.shown.members {
        let Some(line) = dom::copy(&template) else { continue };
        let (address, is_own) = (member.address.as_str(), member.address == *engine.email());
        let is_admin = member.role == Role::Admin;
        let _ = line.set_attribute("data-member", address);
        if let Some(name) = dom::within(&line, "[data-name]") {
            let _ = name.set_attribute("data-name", address);
            names::show(&line);
            if is_own {
                // By its address it is called as the notes.
                let _ = name.remove_attribute("data-name");
                name.set_text_content(Some(&word("you")));
            }
        }
        let peer = load_messages::peer(engine, &member.address).await?.filter(|_| !is_own);
        match &peer {
            Some(peer) => avatar::show(engine, &line, peer).await?,
            None => avatar::draw_letter(&line, address, address),
        }
        let is_verified = peer.is_some_and(|peer| peer.verified && !peer.key_changed);
        for (selector, hidden) in [
            ("[data-verified]", !is_verified),
            ("[data-admin]", !is_admin),
            ("[data-member-actions]", is_own),
            ("[data-group-do=promote]", is_admin),
            ("[data-group-do=demote]", !is_admin),
        ] {
            if let Some(part) = dom::within(&line, selector) {
                dom::hide(&part, hidden);
            }
        }
        lines.push(line);
    }
    dom::fill(&list, &lines);
    group_link::show(engine, section, &group).await?;
    let members: Vec<&Address> = group.shown.members.iter().map(|member| &member.address).collect();
    if let Some(form) = dom::within(section, "[data-group-add]") {
        offer(engine, &form, &members).await?;
    }
    if let Some(info) = dom::within(section, "#group-info") {
        avatar::show_group(engine, &info, &group).await?;
    }
    group_settings::show(section, &group);
    Ok(())
}

/// Offers the contacts who are no members yet.
async fn offer(engine: &Engine, form: &Element, members: &[&Address]) -> Result<(), AppError> {
    let (Some(choices), Some(template)) = (dom::within(form, ".choices"), dom::by_id("choice-template")) else {
        return Ok(());
    };
    let mut lines = Vec::new();
    if let Some(fieldset) = dom::within(form, "fieldset") {
        fieldset.unchecked_ref::<HtmlFieldSetElement>().set_disabled(false);
    }
    let can_join = |peer: &Peer| peer.trust == Trust::Added && !peer.key_changed && !peer.deleted;
    let peers = load_messages::peers(engine).await?;
    let mut offered: Vec<&Peer> =
        peers.iter().filter(|peer| can_join(peer) && !members.contains(&&peer.address)).collect();
    for peer in &offered {
        names::learn_own(peer);
    }
    offered.sort_by_key(|peer| names::of(peer.address.as_str()).to_lowercase());
    for (selector, hidden) in [
        ("[data-nobody]", !offered.is_empty()),
        ("[data-add-chosen]", offered.is_empty()),
        ("[data-hands-over-choice]", offered.is_empty()),
    ] {
        if let Some(part) = dom::within(form, selector) {
            dom::hide(&part, hidden);
        }
    }
    for peer in offered {
        let Some(choice) = dom::copy(&template) else { continue };
        let address = peer.address.as_str();
        if let Some(input) = dom::within(&choice, "input") {
            let _ = input.set_attribute("value", address);
            let _ = input.set_attribute("aria-label", &names::of(address));
        }
        if let Some(name) = dom::within(&choice, "[data-name]") {
            let _ = name.set_attribute("data-name", address);
        }
        names::show(&choice);
        avatar::show(engine, &choice, peer).await?;
        lines.push(choice);
    }
    // Whom the person has chosen meanwhile stays chosen, also under another name.
    let chosen = chosen(form);
    dom::fill(&choices, &lines);
    for address in chosen {
        let selector = ["input[value=\"", address.as_str(), "\"]"].concat();
        if let Some(input) = dom::within(&choices, &selector) {
            input.unchecked_ref::<HtmlInputElement>().set_checked(true);
        }
    }
    Ok(())
}

fn chosen(form: &Element) -> Vec<Address> {
    let boxes = dom::all_within(form, ".choices input:checked").into_iter();
    boxes.filter_map(|input| Address::parse(&input.get_attribute("value")?).ok()).collect()
}

/// Whether those who are added see the last messages. Each time somebody decides that once more.
fn hands_over(form: &Element) -> bool {
    let choice = dom::within(form, "[data-hands-over]").and_then(|choice| choice.dyn_into::<HtmlInputElement>().ok());
    choice.is_some_and(|choice| {
        let is_chosen = choice.checked();
        choice.set_checked(false);
        is_chosen
    })
}

fn name_in(form: &Element, selector: &str) -> Option<String> {
    let field: HtmlInputElement = dom::within(form, selector)?.dyn_into().ok()?;
    Some(field.value().trim().to_owned()).filter(|name| !name.is_empty())
}

/// The pane that makes a group, in the place of what is shown.
async fn show_new(engine: &Rc<Engine>) -> Result<(), AppError> {
    let (Some(place), Some(pane)) =
        (dom::by_id("conversation"), dom::by_id("new-group-template").and_then(|template| dom::copy(&template)))
    else {
        return Ok(());
    };
    place.set_text_content(None);
    let _ = place.append_child(&pane);
    htmx::process(&pane);
    offer(engine, &pane, &[]).await?;
    contacts::put_in_order();
    if let Some(field) = dom::within(&pane, "#new-group-name") {
        dom::focus(&field);
    }
    Ok(())
}

/// Has the leader make a group, and opens it.
async fn make(engine: &Rc<Engine>, form: &Element) -> Result<(), AppError> {
    let members = chosen(form);
    let Some(name) = name_in(form, "#new-group-name") else { return Ok(()) };
    let fault = match members.len() {
        0 => "group-choose",
        // This account is one of them.
        count if count >= GROUP_MEMBERS_MAX => "group-full",
        _ => fault_of_name(&name),
    };
    complain(form, fault);
    if !fault.is_empty() {
        return Ok(());
    }
    let known: Vec<GroupId> = load_messages::groups(engine).await?.iter().map(|group| group.id).collect();
    let enable = |enabled: bool| {
        if let Some(fieldset) = dom::within(form, "fieldset") {
            fieldset.unchecked_ref::<HtmlFieldSetElement>().set_disabled(!enabled);
        }
        let progress = if enabled { String::new() } else { word("group-making") };
        dom::set_text(form, ".form-progress", &progress);
    };
    enable(false);
    engine.ask(Command::CreateGroup { name, members });
    let is_new = |group: &Group| group.introduced_by == *engine.email() && !known.contains(&group.id);
    for _ in 0..MADE_LOOKS_MAX {
        timer::pause(MADE_LOOK_MS).await;
        if !form.is_connected() {
            return Ok(());
        }
        if let Some(made) = load_messages::groups(engine).await?.into_iter().find(is_new) {
            contacts::open_when_listed(ConversationId::Group(made.id)).await;
            return Ok(());
        }
    }
    enable(true);
    Ok(())
}
