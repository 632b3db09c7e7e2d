//! Files that people send: ciphertext in chunks, kept for a while.
//!
//! `table` owns the rows, `chunks` the objects, `uploads` puts both together, `content` reads, `collection` removes what is
//! over or left behind, `transfers` bounds how many go on at once. None knows HTTP.

mod chunks;
mod collection;
mod content;
mod limits;
mod table;
mod transfers;
mod uploads;

pub(crate) use self::table::FILE_NAME;
pub use self::{
    chunks::FOLDER_NAME,
    collection::Reconciled,
    content::Content,
    limits::FileLimits,
    table::{Totals, totals_in},
    transfers::{Transfer, Transfers},
    uploads::{FileError, Files},
};
