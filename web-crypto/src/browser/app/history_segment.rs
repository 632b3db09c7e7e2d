//! A segment of the history, opened with the keys that this browser has.

use super::engine::Engine;
use crate::{
    browser::platform::service::Platform,
    client::{history as kept, safekeeping::Safekeeping},
    crypto::history::{self, Place},
};
use cliquet_wire::history::Segment;

/// What a segment holds. `None`: it does not open, or holds something else.
pub(super) fn opened<P: Platform>(
    engine: &Engine<P>,
    safekeeping: &Safekeeping,
    segment: &Segment,
) -> Option<kept::Segment> {
    let hash = engine.account_key().hash();
    let place = Place { email: engine.email(), account_key_hash: &hash, id: segment.id };
    let content = safekeeping.history_keys().find_map(|key| history::open(key, place, &segment.segment).ok())?;
    kept::segment(&content, engine.email()).ok()
}
