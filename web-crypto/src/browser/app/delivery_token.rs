//! The account's delivery token: made when it is wanted, and set at the server, which keeps its hash alone.
//!
//! Knows nothing of who is told it. The vault is read before one is made or set, so that what other devices decided, and
//! what they made, is known here; and it is kept before one is set, so that no token counts that only one device has.

use super::{api, engine::Engine, error::AppError};
use crate::{browser::platform::service::Platform, client::messenger::Messenger};
use cliquet_wire::{
    bytes::Digest,
    delivery_token::{DeliveryTokenHash, ReplaceDeliveryToken},
    problem::ProblemCode,
};
use std::cell::Cell;

const PATH: &str = "/delivery-token";

/// Two devices that are at it at the same time do not go on for ever.
const ATTEMPTS: u32 = 4;

/// A device that set a token tells the others at once, and the vault holds it. Past this, the one that did is gone, and
/// nobody else knows its token.
pub const UNKNOWN_TOKEN_MS: u64 = 60_000;

/// Since when the server has a token that is not known here.
#[derive(Debug, Default)]
pub struct UnknownToken(Cell<Option<(Digest, u64)>>);

impl UnknownToken {
    /// Whether the other device had its time.
    fn is_over(&self, hash: Digest, now_ms: u64) -> bool {
        let seen = self.0.get().filter(|(seen, _)| *seen == hash);
        let (_, since_ms) = seen.unwrap_or((hash, now_ms));
        self.0.set(Some((hash, since_ms)));
        now_ms.abs_diff(since_ms) >= UNKNOWN_TOKEN_MS
    }
}

/// Whether one is to be made or set.
pub(super) async fn is_due<P: Platform>(engine: &Engine<P>) -> Result<bool, AppError> {
    let is_due =
        |messenger: &Messenger| messenger.wants_delivery_token() || messenger.delivery_token_to_set().is_some();
    engine.read(is_due).await
}

/// Makes one if it is wanted.
pub(super) async fn make<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let mut rng = engine.platform().rng();
    engine
        .run(async |messenger| Ok(messenger.wants_delivery_token().then(|| messenger.make_delivery_token(&mut rng))))
        .await
}

/// Sets it at the server. Where another device set one that is not known here, its word or the vault brings that one; a
/// failure until then, so that it is tried again.
pub(super) async fn set<P: Platform>(engine: &Engine<P>, unknown: &UnknownToken) -> Result<(), AppError> {
    let platform = engine.platform();
    let Some(mut replace) = engine.read(Messenger::delivery_token_to_set).await? else { return Ok(()) };
    let mut set = Ok(());
    for _ in 0..ATTEMPTS {
        match api::send(platform, "PUT", PATH, &replace).await {
            Ok(()) => {
                return engine.run(async |messenger| Ok(Some(messenger.delivery_token_is_set(replace.hash)))).await;
            }
            Err(error) if error.code() == Some(ProblemCode::DeliveryTokenOutdated) => set = Err(error.into()),
            Err(error) => return Err(error.into()),
        }
        let DeliveryTokenHash { hash } = api::get(platform, PATH).await?;
        if hash.is_some_and(|hash| replace.hash != Some(hash) && !unknown.is_over(hash, platform.now_ms())) {
            break;
        }
        replace = ReplaceDeliveryToken { replaces: hash, ..replace };
    }
    set
}
