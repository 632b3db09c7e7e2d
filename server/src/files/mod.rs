//! Files that people send: ciphertext in chunks, kept for a while.
//!
//! `table` owns the rows, `chunks` the objects in a `store`, `uploads` puts both together, `content` reads, `collection` removes what is
//! over or left behind, `transfers` bounds how many go on at once. None knows HTTP.

mod chunks;
mod collection;
mod content;
mod limits;
mod store;
mod table;
mod transfers;
mod uploads;

pub(crate) use self::table::FILE_NAME;
pub use self::{
    collection::Reconciled,
    content::Content,
    limits::FileLimits,
    store::{FOLDER, FOLDER_NAME, S3_SCHEME, StoreError},
    table::{Totals, totals_by_owner_in, totals_in},
    transfers::{Transfer, Transfers},
    uploads::{FileError, Files, OpenError},
};
