//! `wire`'s types from and to the JSON of the server.

use super::error::HttpError;
use serde::{Serialize, de::DeserializeOwned};

/// A value as text.
///
/// # Errors
/// [`HttpError::Unreadable`] for a value that JSON cannot say. `wire` has none.
pub fn write(value: &impl Serialize) -> Result<String, HttpError> {
    serde_json::to_string(value).map_err(|_| HttpError::Unreadable)
}

/// A value from its text. Unknown fields are ignored, so that an older page reads a newer server.
///
/// Read by `serde_json_core`, whose errors have no words: nobody would see them here, and with all that they can show
/// they weigh more than the reading itself (docs/decisions/0023).
///
/// # Errors
/// [`HttpError::Unreadable`] for anything but one value of this type, and for a character past U+FFFF that is escaped as
/// two halves, which no serde writes.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, HttpError> {
    // Strings with escapes are put together here; they only become shorter.
    let mut unescaped = vec![0; text.len()];
    match serde_json_core::from_str_escaped(text, &mut unescaped) {
        Ok((value, length)) if text.get(length..).is_some_and(|rest| rest.trim_ascii().is_empty()) => Ok(value),
        _ => Err(HttpError::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cliquet_wire::problem::{Problem, ProblemCode};

    const TEXT: &str =
        r#"{"type":"/problems#malformed","code":"malformed","status":422,"title":"\"Ça\"\n\u00e9 😀","detail":""}"#;

    #[test]
    fn a_value_is_read_with_its_escapes_and_without_what_is_unknown() {
        let problem: Problem = read(TEXT).unwrap();
        assert_eq!((problem.code, problem.status), (ProblemCode::Malformed, 422));
        assert_eq!(problem.title, "\"Ça\"\né 😀");
        assert_eq!(read::<Problem>(&write(&problem).unwrap()), Ok(problem.clone()));
        let more = TEXT.replacen('{', r#" { "new": [{"a": null, "b": [1.5e3, "}"]}, true], "#, 1) + "\r\n";
        assert_eq!(read(&more), Ok(problem));
    }

    #[test]
    fn anything_else_is_unreadable() {
        for end in 0..TEXT.len() {
            if let Some(cut) = TEXT.get(..end) {
                assert_eq!(read::<Problem>(cut), Err(HttpError::Unreadable), "{cut}");
            }
        }
        let faults = [
            TEXT.to_owned() + "{}",
            TEXT.replace("422", "-1"),
            TEXT.replace("422", "65536"),
            TEXT.replace("422", "\"422\""),
            TEXT.replace("\"malformed\"", "\"of a later version\""),
            TEXT.replace("\\u00e9", "\\ud83d"),
            TEXT.replace("\"status\":422,", ""),
        ];
        for fault in faults {
            assert_eq!(read::<Problem>(&fault), Err(HttpError::Unreadable), "{fault}");
        }
    }
}
