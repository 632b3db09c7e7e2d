//! When the account's own device list is signed again, so that contacts notice when the server goes on showing an old one.

use super::{engine::Engine, error::AppError, fetch::fetch, own_list};
use crate::{browser::platform::service::Platform, client::encrypt_next::Needs};

/// Looks at the list on the server, and renews it if it is due.
///
/// # Errors
/// When the server does not answer or what it shows is refused, and when this browser lacks the account key.
pub(super) async fn tend<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let own = Needs::Directory { address: engine.email().clone(), token: None };
    // Another device may have renewed it. And a server that was restored from a backup gets it again by that.
    fetch(engine, &own).await?;
    let now = engine.platform().now_ms();
    if engine.read(|messenger| messenger.own_list_is_due(now)).await? {
        own_list::renew(engine).await?;
        fetch(engine, &own).await?;
    }
    Ok(())
}
