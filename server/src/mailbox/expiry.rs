//! What nobody fetched in time, in the embedded mailbox.
//!
//! Owns the sweep that finds it without an index by age. In each mailbox the oldest envelope comes first, so that one
//! look tells whether something is past its life. Ids lie in the order in which senders made them, by their own clocks:
//! the sweep goes round all of them, a few for each that came since.

use super::{
    contract::{Kind, MailboxId, expiry_notice},
    recent::Entry,
    sweep::Gone,
    tables::{Change, Tables},
};
use cliquet_wire::ids::{DeviceId, EnvelopeId};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

/// Mailboxes looked into, envelopes removed and ids looked at in one command, so that posts never wait long behind it.
const SWEPT_AT_ONCE: u32 = 500;

impl Tables<'_> {
    /// Removes what is past its life, a bounded piece of it. Whether the round goes on.
    pub(super) fn expire(&mut self, now_ms: u64) -> rusqlite::Result<bool> {
        self.settle_to_change()?;
        if !self.known.sweep.all_mailboxes {
            self.expire_envelopes(now_ms)?;
        }
        self.expire_ids(now_ms)?;
        let sweep = &mut self.known.sweep;
        let goes_on = !sweep.all_mailboxes || sweep.ids > 0;
        sweep.all_mailboxes &= goes_on;
        Ok(goes_on)
    }

    fn expire_envelopes(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        let mut gone = Vec::new();
        for _ in 0..SWEPT_AT_ONCE {
            let room = SWEPT_AT_ONCE.saturating_sub(u32::try_from(gone.len()).unwrap_or(u32::MAX));
            let next: Option<(i64, u64)> = self
                .transaction
                .prepare_cached(
                    "SELECT mailbox, cursor FROM envelopes WHERE mailbox > ?1 ORDER BY mailbox, cursor LIMIT 1",
                )?
                .query_row([self.known.sweep.mailbox], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((key, oldest)) = next else {
                (self.known.sweep.mailbox, self.known.sweep.all_mailboxes) = (0, true);
                break;
            };
            if oldest < self.limits.oldest_living_ms(now_ms) {
                let device = self
                    .transaction
                    .prepare_cached("SELECT device FROM mailboxes WHERE key = ?1")?
                    .query_row([key], |row| row.get(0))?;
                let (removed, _) = self.expire_mailbox(DeviceId(device), now_ms, room, &mut gone)?;
                if removed == u64::from(room) {
                    break;
                }
            }
            self.known.sweep.mailbox = key;
        }
        self.tell_senders(gone, now_ms)
    }

    /// Ids are remembered for longer than they must be, until the sweep meets them.
    fn expire_ids(&mut self, now_ms: u64) -> rusqlite::Result<()> {
        let oldest_ms = self.limits.oldest_living_ms(now_ms);
        let (id, mailbox) = self.known.sweep.id;
        let met = self
            .transaction
            .prepare_cached(
                "SELECT id, mailbox, accepted_ms FROM accepted_ids WHERE (id, mailbox) > (?1, ?2)
                  ORDER BY id, mailbox LIMIT ?3",
            )?
            .query_map(params![id, mailbox, SWEPT_AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<Vec<([u8; 16], i64, u64)>>>()?;
        let mut delete = self.transaction.prepare_cached("DELETE FROM accepted_ids WHERE id = ?1 AND mailbox = ?2")?;
        for (id, mailbox, _) in met.iter().filter(|(_, _, accepted_ms)| *accepted_ms < oldest_ms) {
            delete.execute(params![id, mailbox])?;
        }
        let sweep = &mut self.known.sweep;
        match met.last() {
            Some((id, mailbox, _)) if met.len() as u64 == u64::from(SWEPT_AT_ONCE) => {
                sweep.id = (*id, *mailbox);
                sweep.ids = sweep.ids.saturating_sub(met.len() as u64);
            }
            // All were met.
            _ => (sweep.id, sweep.ids) = Default::default(),
        }
        Ok(())
    }

    /// Removes what is past its life from one mailbox, but not more than so many. The envelopes and bytes.
    pub(super) fn expire_mailbox(
        &mut self,
        mailbox: MailboxId,
        now_ms: u64,
        at_most: u32,
        gone: &mut Vec<Gone>,
    ) -> rusqlite::Result<(u64, u64)> {
        self.settle_to_change()?;
        let Some(row) = self.row(mailbox)? else { return Ok((0, 0)) };
        let mut statement = self.transaction.prepare_cached(
            "DELETE FROM envelopes WHERE key IN
                 (SELECT key FROM envelopes WHERE mailbox = ?1 AND cursor < ?2 ORDER BY cursor LIMIT ?3)
             RETURNING octet_length(json), id, sender",
        )?;
        let mut removed = (0, 0);
        let mut rows = statement.query(params![row.key, self.limits.oldest_living_ms(now_ms), at_most])?;
        while let Some(row) = rows.next()? {
            removed = (removed.0 + 1, removed.1 + row.get::<_, u64>(0)?);
            gone.push(Gone { receiver: mailbox, id: row.get(1)?, sender: row.get(2)? });
        }
        drop(rows);
        self.take(mailbox, row, removed);
        Ok(removed)
    }

    /// A notice in each sender's mailbox, if it has room.
    pub(super) fn tell_senders(&mut self, gone: Vec<Gone>, now_ms: u64) -> rusqlite::Result<()> {
        if !gone.is_empty() {
            self.settle_to_change()?;
            // A notice has no id.
            let envelopes = gone.iter().filter(|gone| gone.id.is_some()).count();
            self.changes.push(Change::Expired(envelopes as u64));
        }
        for Gone { receiver, id, sender } in gone {
            // Memory would go on handing out what is no longer on the disk, if the clock were set back.
            self.changes.push(Change::Forgotten(receiver));
            let (Some(id), Some(sender)) = (id, sender) else { continue };
            let (id, sender) = (EnvelopeId(Uuid::from_bytes(id)), DeviceId(Uuid::from_bytes(sender)));
            let mut row = self.row_or_new(sender)?;
            let json = expiry_notice(id);
            row.add(json.len());
            if self.is_over(&row) {
                continue;
            }
            let before = row.last_cursor;
            row.last_cursor = now_ms.max(before + 1);
            self.transaction
                .prepare_cached(
                    "INSERT INTO envelopes (mailbox, cursor, accepted_ms, json, is_notice) VALUES (?1, ?2, ?2, ?3, 1)",
                )?
                .execute(params![row.key, row.last_cursor, &*json])?;
            self.known.rows.change(sender, row);
            let entry = Entry { cursor: row.last_cursor, kind: Kind::Expired, json };
            self.changes.push(Change::Appended(sender, before, entry));
        }
        Ok(())
    }
}
