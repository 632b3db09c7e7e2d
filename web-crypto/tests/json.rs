//! The browser's reader of JSON beside `serde_json`: it reads the same, and takes nothing that `serde_json` refuses.
#![allow(clippy::unwrap_used, clippy::string_slice, clippy::indexing_slicing, reason = "a test may fail")]

use cliquet_web_crypto::client::json;
use cliquet_wire::{
    devices::Devices,
    poll::PollAnswer,
    problem::{Problem, ProblemCode},
    sign_in::SignInStarted,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// Every shape that wire types have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Shapes {
    text: String,
    flag: bool,
    small: u8,
    number: u64,
    code: ProblemCode,
    maybe: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absent: Option<String>,
    list: Vec<u32>,
    inner: Vec<Inner>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    name: String,
}

fn shapes() -> impl Strategy<Value = Shapes> {
    let code = proptest::sample::select(ProblemCode::ALL);
    let inner = proptest::collection::vec(any::<String>().prop_map(|name| Inner { name }), 0..3);
    (
        any::<String>(),
        any::<bool>(),
        any::<u8>(),
        any::<u64>(),
        code,
        any::<Option<u16>>(),
        any::<Option<String>>(),
        any::<Vec<u32>>(),
        inner,
    )
        .prop_map(|(text, flag, small, number, code, maybe, absent, list, inner)| Shapes {
            text,
            flag,
            small,
            number,
            code,
            maybe,
            absent,
            list,
            inner,
        })
}

/// Whatever this reader takes, `serde_json` takes, and both read the same.
fn never_takes_more<T: for<'de> Deserialize<'de> + PartialEq + Debug>(text: &str) {
    if let Ok(read) = json::read::<T>(text) {
        assert_eq!(read, serde_json::from_str::<T>(text).unwrap(), "{text}");
    }
}

proptest! {
    #[test]
    fn what_the_server_writes_is_read_as_it_was(shapes in shapes()) {
        let text = serde_json::to_string(&shapes).unwrap();
        prop_assert_eq!(json::read::<Shapes>(&text), Ok(shapes.clone()));
        let spaced = serde_json::to_string_pretty(&shapes).unwrap();
        prop_assert_eq!(json::read::<Shapes>(&spaced), Ok(shapes));
    }

    #[test]
    fn what_was_changed_on_the_way_is_read_as_serde_json_reads_it(
        shapes in shapes(), place in any::<prop::sample::Index>(), other in "[\\[\\]{}\",:0-9a-fntu\\\\. eE+-]{0,2}",
    ) {
        let text = serde_json::to_string(&shapes).unwrap();
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        let place = places[place.index(places.len())];
        let after = place + text[place..].chars().next().unwrap().len_utf8();
        let changed = format!("{}{other}{}", &text[..place], &text[after..]);
        never_takes_more::<Shapes>(&changed);
        never_takes_more::<Shapes>(&text[..place]);
    }

    #[test]
    fn no_text_at_all_makes_it_panic(text in any::<String>(), quoted in "\"[\\\\\"bfnrtu0-9a-fD-]*\"") {
        never_takes_more::<String>(&text);
        never_takes_more::<String>(&quoted);
        never_takes_more::<Vec<u64>>(&text);
        never_takes_more::<PollAnswer>(&text);
    }

    #[test]
    fn what_a_later_server_adds_is_skipped(value in "[ \\[\\]{}\",:0-9truefalsn.eE+-]{0,12}") {
        let text = format!(r#"{{"type":"","code":"malformed","more":{value},"status":422,"title":"","detail":""}}"#);
        never_takes_more::<Problem>(&text);
    }
}

#[test]
fn additions_of_every_kind_are_skipped() {
    for value in [
        "null",
        "true",
        "[]",
        "{}",
        "[1,[2,{\"a\":[]}]]",
        "-1.5e+3",
        "0",
        "0.0",
        "\"\\u00e9\\\"\"",
        "{\"a\":1,\"b\":[true,false]}",
    ] {
        let text = format!(
            r#"{{"type":"/problems#x","code":"malformed","more":{value},"status":422,"title":"t","detail":"d"}}"#
        );
        let problem = json::read::<Problem>(&text).unwrap();
        assert_eq!((problem.code, problem.retry_after), (ProblemCode::Malformed, None), "{value}");
    }
}

#[test]
fn escapes_are_the_characters_they_stand_for() {
    let read = |text| json::read::<String>(text);
    assert_eq!(read(r#""\u00e9\ud83d\ude00\n\/\\\"""#).unwrap(), "é😀\n/\\\"");
    for refused in
        [r#""\ud83d""#, r#""\ud83dx""#, r#""\ud83d\u0041""#, r#""\ude00""#, r#""\x""#, r#""\u12""#, "\"\n\"", "\""]
    {
        assert!(read(refused).is_err(), "{refused}");
        assert!(serde_json::from_str::<String>(refused).is_err(), "{refused}");
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for refused in [
        "",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "1]",
        "[01]",
        "[1.0]",
        "[-1]",
        "[18446744073709551616]",
        "[1]]",
        "[1] x",
        "{1}",
        "[\"1\"]",
    ] {
        assert!(json::read::<Vec<u64>>(refused).is_err(), "{refused}");
    }
    assert_eq!(json::read::<Vec<u64>>(" [ 18446744073709551615 , 0 ] \n"), Ok(vec![u64::MAX, 0]));
    for refused in
        [r#"{"name":"a","name":"b"}"#, r#"{"name":"a","more":1}"#, r#"{"name":"a",}"#, r#"{"name" "a"}"#, "{}"]
    {
        assert!(json::read::<Inner>(refused).is_err(), "{refused}");
    }
}

#[test]
fn what_nests_deeper_than_anything_known_is_refused_and_ends_no_stack() {
    let nested =
        |depth: usize| format!(r#"{{"devices":[],"sign_ins":[],"more":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(json::read::<Devices>(&nested(32)).is_ok());
    assert!(json::read::<Devices>(&nested(33)).is_err());
    assert!(json::read::<Devices>(&nested(1_000_000)).is_err());
}

#[test]
fn an_answer_to_a_sign_in_is_read() {
    let text = r#"{"email":"alice@example.org","attempt":"67e55044-10b1-426f-9247-bb680e5fe0c8","response":"AAEC"}"#;
    let started = json::read::<SignInStarted>(text).unwrap();
    assert_eq!((started.email.as_str(), started.response.0.as_slice()), ("alice@example.org", [0, 1, 2].as_slice()));
    assert!(json::read::<SignInStarted>(&text.replace("alice", "Alice")).is_err());
}
