//! New texts, into the history on the server: gathered, sealed, sent, and only then taken off the line.

use super::{api, engine::Engine, error::AppError};
use crate::{
    browser::platform::service::{Platform, Ranges as _},
    client::{records::Store, safekeeping::Safekeeping},
    crypto::history::{self, Place},
};
use cliquet_wire::{
    history::{AddSegment, SegmentAdded},
    ids::SegmentId,
    problem::ProblemCode,
};
use rand_core::Rng as _;

pub(super) async fn keep<P: Platform>(engine: &Engine<P>) -> Result<(), AppError> {
    let (platform, store) = (engine.platform(), engine.store());
    loop {
        let gathered = engine.run_with(async |messenger| Ok((None, messenger.gather(store).await?))).await?;
        let Some(gathered) = gathered else { return Ok(()) };
        let more = gathered.more;
        let mut done = None;
        if gathered.messages > 0 {
            let safekeeping = safekeeping(engine).await?;
            let rng = &mut platform.rng();
            let mut random = [0; 10];
            rng.fill_bytes(&mut random);
            let id = SegmentId::from_parts(platform.now_ms(), random);
            let hash = engine.account_key().hash();
            let place = Place { email: engine.email(), account_key_hash: &hash, id };
            let segment =
                history::seal(&safekeeping.history, place, &gathered.content, rng).map_err(|_| AppError::KeyMissing)?;
            let add = AddSegment { id, segment };
            match api::post::<SegmentAdded>(platform, "/history", &add).await {
                Ok(added) => done = Some((added.sequence, add.segment)),
                // Where nothing is kept, nothing waits for it.
                Err(error) if error.code() == Some(ProblemCode::HistoryOff) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let done = match done {
            Some((sequence, segment)) => gathered.kept(sequence, &segment),
            None => gathered.done,
        };
        engine.commit(&done).await?;
        if !more {
            return Ok(());
        }
    }
}

/// The keys of vault and history that this browser has.
///
/// # Errors
/// When it has none: the next sign-in mends that.
pub(super) async fn safekeeping<P: Platform>(engine: &Engine<P>) -> Result<Safekeeping, AppError> {
    Safekeeping::of(engine.store()).await?.ok_or(AppError::KeyMissing)
}

/// How many texts the history on the server lacks.
///
/// # Errors
/// When the storage does not answer.
pub async fn waiting<P: Platform>(engine: &Engine<P>) -> Result<u64, AppError> {
    let (mut count, mut after) = (0, String::new());
    while let Some(line) = engine.store().after(Store::ToKeep.name(), &after).await? {
        (count, after) = (count + 1, line.key);
    }
    Ok(count)
}
