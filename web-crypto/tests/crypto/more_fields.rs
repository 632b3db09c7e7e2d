//! CBOR as a later release might write it, with fields that this one does not know.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use minicbor::{Decoder, Encoder, data::Type};

/// The same CBOR with one more field, number 1000, in every map.
pub(crate) fn with_more_fields(bytes: &[u8]) -> Vec<u8> {
    let mut to = Encoder::new(Vec::new());
    copy_item(&mut Decoder::new(bytes), &mut to);
    to.into_writer()
}

fn copy_item(from: &mut Decoder<'_>, to: &mut Encoder<Vec<u8>>) {
    match from.datatype().unwrap() {
        Type::Array => {
            let length = from.array().unwrap().unwrap();
            to.array(length).unwrap();
            (0..length).for_each(|_| copy_item(from, to));
        }
        Type::Map => {
            let length = from.map().unwrap().unwrap();
            to.map(length + 1).unwrap();
            (0..2 * length).for_each(|_| copy_item(from, to));
            to.u32(1_000).unwrap().array(2).unwrap().str("later").unwrap().null().unwrap();
        }
        _ => {
            let begin = from.position();
            from.skip().unwrap();
            to.writer_mut().extend_from_slice(&from.input()[begin..from.position()]);
        }
    }
}
