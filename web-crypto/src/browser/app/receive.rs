//! What a poll brought: each delivery in its own step, in order, durable before the next poll acknowledges it.

use super::{engine::Engine, error::AppError, signals, status::Status};
use crate::{browser::platform::service::Platform, client::content::Content};
use cliquet_wire::poll::PollAnswer;

pub(super) async fn receive<P: Platform>(engine: &Engine<P>, answer: PollAnswer) -> Result<(), AppError> {
    let platform = engine.platform();
    signals::hear(engine, &answer).await;
    for delivery in answer.deliveries {
        // Somebody else signed in with this browser: what comes now is theirs, and must not be acknowledged from here.
        if let Some(envelope) = &delivery.envelope
            && (envelope.receiver_device != engine.device() || envelope.receiver_email != *engine.email())
        {
            engine.say_status(Status::SignedOut);
            return Err(AppError::NotLeading);
        }
        engine
            .run(async |messenger| {
                let (now, rng) = (platform.now_ms(), &mut platform.rng());
                Ok(Some(messenger.receive(&delivery, platform.store(), platform.verifier(), now, rng).await?))
            })
            .await?;
    }
    Ok(())
}

/// Reads again what an earlier version of this program did not understand. What this one does not understand either stays
/// where it is, and a failure waits for the next start.
pub(super) async fn read_unknown<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let platform = engine.platform();
    loop {
        let found = engine
            .run_with(async |messenger| {
                let step = messenger.read_again(platform.store(), Content::decode, platform.now_ms()).await?;
                let found = step.is_some();
                Ok((step, found))
            })
            .await?;
        if !found {
            return Ok(());
        }
    }
}
