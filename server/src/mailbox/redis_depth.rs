//! How much lies in all mailboxes of a Redis.
//!
//! Owns the walk over them: a piece at a time, so that posts never wait long behind it. What moves meanwhile may be counted
//! as it was before or after.

use super::{
    contract::{Depth, MailboxId, Unavailable},
    redis_connection::RedisConnection,
    redis_keys::{BY_EXPIRY, envelopes_key, state_key},
};
use redis::Script;
use std::collections::BTreeSet;

/// Mailboxes at a time.
const MAILBOXES_AT_ONCE: usize = 100;

/// Of every mailbox in which something may lie.
pub(super) async fn of_all(connection: &RedisConnection, script: &Script) -> Result<Depth, Unavailable> {
    let mailboxes: Vec<MailboxId> = mailboxes(connection).await?.into_iter().collect();
    let mut depth = Depth::default();
    for piece in mailboxes.chunks(MAILBOXES_AT_ONCE) {
        let mut call = script.prepare_invoke();
        piece.iter().for_each(|mailbox| {
            call.key(state_key(*mailbox)).key(envelopes_key(*mailbox));
        });
        let (envelopes, bytes, oldest): (u64, u64, String) = connection.call(&call).await?;
        depth.envelopes += envelopes;
        depth.bytes += bytes;
        depth.oldest_ms = [depth.oldest_ms, oldest.parse().ok()].into_iter().flatten().min();
    }
    Ok(depth)
}

/// Each once: a scan may name one twice.
async fn mailboxes(connection: &RedisConnection) -> Result<BTreeSet<MailboxId>, Unavailable> {
    let (mut all, mut place) = (BTreeSet::new(), 0_u64);
    loop {
        let mut scan = redis::cmd("ZSCAN");
        scan.arg(BY_EXPIRY).arg(place).arg("COUNT").arg(MAILBOXES_AT_ONCE);
        let (next, found): (u64, Vec<(String, f64)>) = connection.query(&scan).await?;
        all.extend(found.iter().filter_map(|(mailbox, _)| mailbox.parse::<MailboxId>().ok()));
        if next == 0 {
            return Ok(all);
        }
        place = next;
    }
}
