//! New texts, into the history on the server: gathered, sealed, sent, and only then taken off the line.

use super::{KeepError, Keeper};
use crate::{
    browser::platform::{http, random, timer},
    crypto::history::{self, Place},
};
use cliquet_wire::{
    history::{AddSegment, SegmentAdded},
    ids::SegmentId,
    problem::ProblemCode,
};

pub(super) async fn keep(keeper: &Keeper) -> Result<(), KeepError> {
    loop {
        let messenger = keeper.messenger().await?;
        let Some(gathered) = messenger.gather(&keeper.store).await? else { return Ok(()) };
        if gathered.messages > 0 {
            let rng = &mut random::system();
            let id = SegmentId::from_parts(timer::now_ms(), random::bytes());
            let hash = keeper.own.account_key().hash();
            let place = Place { email: keeper.own.email(), account_key_hash: &hash, id };
            let segment = history::seal(&keeper.safekeeping.history, place, &gathered.content, rng)
                .map_err(|_| KeepError::PageBroken)?;
            match http::post::<SegmentAdded>("/history", &AddSegment { id, segment }).await {
                // Where nothing is kept, nothing waits for it.
                Ok(_) => {}
                Err(error) if error.code() == Some(ProblemCode::HistoryOff) => {}
                Err(error) => return Err(error.into()),
            }
        }
        keeper.store.commit_changes(&gathered.done).await?;
        if !gathered.more {
            return Ok(());
        }
    }
}
