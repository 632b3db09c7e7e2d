//! What a person does with groups, in the leader: statements that this account signs.

use super::{
    add_contact::directory_of,
    command::{Command, GroupAction},
    engine::Engine,
    error::AppError,
    load_messages,
};
use crate::{
    browser::platform::service::{Platform, Storage},
    client::{
        conversation::{ConversationId, GroupId},
        delivery_token::{DELIVERY_TOKEN, OwnToken},
        group::{Change, Group, GroupError, GroupPicture, Role, count_to_hand_over},
        join_link::JoinByLink,
        messenger::{Messenger, StepError},
        records::{Store, decode},
    },
    crypto::profile::{clean, clean_lines},
};
use cliquet_wire::address::Address;

/// Makes a group of contacts.
pub(super) async fn create<P: Platform>(
    engine: &Engine<P>,
    name: String,
    members: Vec<Address>,
) -> Result<(), AppError> {
    let platform = engine.platform();
    let signer = signer(engine).await?;
    engine
        .run(async |messenger| {
            let mut changes = added(messenger, &members, None)?;
            changes.extend(named(&name));
            let (now, rng) = (platform.now_ms(), &mut platform.rng());
            let (_, step) = messenger.create_group(changes, &signer, now, rng).await?;
            Ok(Some(step))
        })
        .await
}

/// So long a person who has just left waits for the others to be told, before the group can go.
const TOLD_WITHIN_MS: u32 = 20_000;
const LOOK_EVERY_MS: u32 = 500;

/// Deletes a group that was left, as soon as the others know that.
async fn forget<P: Platform>(engine: &Engine<P>, id: GroupId) -> Result<(), AppError> {
    let not_told = AppError::Step(GroupError::NotTold.into());
    for _ in 0..TOLD_WITHIN_MS / LOOK_EVERY_MS {
        let forgotten = engine.run(async |messenger| Ok(Some(messenger.forget_group(id, engine.store()).await?))).await;
        if forgotten.as_ref() != Err(&not_told) {
            return forgotten;
        }
        engine.platform().pause(LOOK_EVERY_MS).await;
    }
    Err(not_told)
}

/// Does what the person asks in a group.
pub(super) async fn act<P: Platform>(engine: &Engine<P>, id: GroupId, action: GroupAction) -> Result<(), AppError> {
    let changes = match action {
        GroupAction::Join => return engine.run(async |messenger| Ok(Some(messenger.join_group(id)?))).await,
        GroupAction::Forget => return forget(engine, id).await,
        GroupAction::MakeLink { asks } => {
            let rng = &mut engine.platform().rng();
            return engine.run(async |messenger| Ok(Some(messenger.make_join_link(id, asks, rng)?))).await;
        }
        GroupAction::LinkAsks(asks) => {
            return engine.run(async |messenger| Ok(Some(messenger.link_asks(id, asks)?))).await;
        }
        GroupAction::WithdrawLink => {
            return engine.run(async |messenger| Ok(Some(messenger.withdraw_join_link(id)?))).await;
        }
        GroupAction::TakeBackWish => {
            return engine.run(async |messenger| Ok(Some(messenger.take_back_wish(id, engine.store()).await?))).await;
        }
        GroupAction::Refuse(address) => {
            return engine.run(async |messenger| Ok(Some(messenger.refuse_to_join(id, &address)?))).await;
        }
        GroupAction::Add { members, hands_over } => {
            let count = if hands_over { count_to_hand_over(engine.store(), id).await? } else { None };
            return change(engine, id, |messenger| added(messenger, &members, count)).await;
        }
        GroupAction::Leave => vec![Change::Remove(engine.email().clone())],
        GroupAction::Remove(address) => vec![Change::Remove(address)],
        GroupAction::SetRole { address, role } => vec![Change::SetRole { address, role }],
        GroupAction::Edit { name, description } => {
            let description = description.map(|text| Change::Description(clean_lines(&text)));
            name.as_deref().and_then(named).into_iter().chain(description).collect()
        }
        GroupAction::SetPicture(picture) => return set_picture(engine, id, picture).await,
        GroupAction::SetRight { right, who } => vec![Change::SetRight { right, who }],
    };
    change(engine, id, |_| Ok(changes.clone())).await
}

/// Texts of a group disappear after so many seconds from now on, or no longer.
pub(super) async fn set_timer<P: Platform>(
    engine: &Engine<P>,
    id: GroupId,
    seconds: Option<u32>,
) -> Result<(), AppError> {
    change(engine, id, |_| Ok(vec![Change::Timer(seconds)])).await
}

async fn set_picture<P: Platform>(
    engine: &Engine<P>,
    id: GroupId,
    picture: Option<GroupPicture>,
) -> Result<(), AppError> {
    let signer = signer(engine).await?;
    let now = engine.platform().now_ms();
    let change = Change::Picture(picture.as_ref().map(GroupPicture::hash));
    engine
        .run(async |messenger| {
            if messenger.group_state(id).is_some_and(|state| !state.is_news(&change)) {
                return Ok(None);
            }
            Ok(Some(messenger.set_group_picture(id, picture.clone(), &signer, now).await?))
        })
        .await
}

/// Makes these changes, as far as they are any: what is so already, because another device or member did the same, is done.
async fn change<P: Platform>(
    engine: &Engine<P>,
    id: GroupId,
    changes: impl Fn(&Messenger) -> Result<Vec<Change>, StepError>,
) -> Result<(), AppError> {
    let signer = signer(engine).await?;
    let now = engine.platform().now_ms();
    engine
        .run(async |messenger| {
            let mut changes = changes(messenger)?;
            changes.retain(|change| messenger.group_state(id).is_none_or(|state| state.is_news(change)));
            if changes.is_empty() {
                return Ok(None);
            }
            Ok(Some(messenger.change_group(id, changes, &signer, now).await?))
        })
        .await
}

/// The link by which others join a group through this account. `None`: there is none, or not yet, because what lets others
/// write to this account is still on its way to the server.
///
/// # Errors
/// When the storage does not answer.
pub async fn link<P: Platform>(engine: &Engine<P>, group: &Group) -> Result<Option<JoinByLink>, AppError> {
    let conversation = load_messages::conversation(engine, &ConversationId::Group(group.id)).await?;
    let Some(link) = conversation.and_then(|conversation| conversation.settings.join_link) else { return Ok(None) };
    let own: Option<OwnToken> = match engine.store().value(Store::Device.name(), DELIVERY_TOKEN).await? {
        Some(value) => decode(&value).ok(),
        None => None,
    };
    let token = own.filter(|own| !own.spent).and_then(|own| own.token);
    Ok(token.map(|token| JoinByLink {
        group: group.id,
        secret: link.secret,
        token: token.token.clone(),
        key_hash: engine.account_key().hash(),
        name: group.shown.name.clone(),
        inviter: engine.email().clone(),
    }))
}

/// Has the leader ask the account whose link this is to be added to its group.
///
/// # Errors
/// [`AppError::Altered`] when the server shows another key of that account than the link, or another one is pinned.
pub async fn join_by_link<P: Platform>(engine: &Engine<P>, link: JoinByLink) -> Result<(), AppError> {
    directory_of(engine, &link.inviter, &link.key_hash).await?;
    engine.ask(Command::JoinByLink(Box::new(link)));
    Ok(())
}

/// Asks the account whose link this is to be added to its group, in the leader.
pub(super) async fn ask_to_join<P: Platform>(engine: &Engine<P>, link: &JoinByLink) -> Result<(), AppError> {
    let (platform, directory) = (engine.platform(), directory_of(engine, &link.inviter, &link.key_hash).await?);
    let asked = async |messenger: &Messenger| {
        Ok(Some(messenger.ask_to_join(link, directory, platform.now_ms(), platform.verifier()).await?))
    };
    engine.run(asked).await
}

/// Adds everybody who asks to join by a link that was made here and asks nobody about them. Who cannot be added is told.
pub(super) async fn admit<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    while let Some((group, address)) = engine.read(|messenger| messenger.next_to_admit()).await? {
        match act(engine, group, GroupAction::Add { members: vec![address.clone()], hands_over: false }).await {
            Err(AppError::Step(StepError::Group(_) | StepError::NoContact)) => {
                act(engine, group, GroupAction::Refuse(address)).await?;
            }
            added => added?,
        }
    }
    Ok(())
}

/// Makes again what this account changed at the same time as others, where it does not count and nobody else decided about
/// it. A browser without the account key leaves that to the account's other devices.
pub(super) async fn change_again<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let is_void = |messenger: &Messenger, id: &GroupId| !messenger.void_changes(*id).is_empty();
    let void =
        |messenger: &Messenger| messenger.groups().map(|group| group.id).filter(|id| is_void(messenger, id)).collect();
    let groups: Vec<GroupId> = engine.read(void).await?;
    if groups.is_empty() {
        return Ok(());
    }
    let Some(signer) = engine.platform().signer(engine.account_key().clone()).await? else { return Ok(()) };
    for id in groups {
        let now = engine.platform().now_ms();
        engine
            .run(async |messenger| match messenger.void_changes(id) {
                changes if changes.is_empty() => Ok(None),
                changes => Ok(Some(messenger.change_group(id, changes, &signer, now).await?)),
            })
            .await?;
    }
    Ok(())
}

/// Under the keys by which this account knows them. `hands_over`: how many of the last texts each of them gets.
fn added(messenger: &Messenger, members: &[Address], hands_over: Option<u8>) -> Result<Vec<Change>, StepError> {
    let add = |address: &Address| {
        let peer = messenger.peer(address).filter(|peer| !peer.key_changed).ok_or(StepError::NoContact)?;
        Ok(Change::Add { address: address.clone(), key_hash: peer.account_key.hash(), role: Role::Member, hands_over })
    };
    members.iter().map(add).collect()
}

/// Without what would not be seen, or would turn the direction of what is beside it.
fn named(name: &str) -> Option<Change> {
    clean(name).map(Change::Name)
}

async fn signer<P: Platform>(engine: &Engine<P>) -> Result<P::Signer, AppError> {
    engine.platform().signer(engine.account_key().clone()).await?.ok_or(AppError::KeyMissing)
}
