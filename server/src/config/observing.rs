//! The setting by which a host reads the log.

use serde::Deserialize;

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// The level and what is said, for people.
    #[default]
    Plain,
    /// One object a line, for programs.
    Json,
}

#[cfg(test)]
mod tests {
    use super::{super::tests::read, LogFormat};

    #[test]
    fn lines_of_the_log_are_for_people_unless_asked_otherwise() {
        assert_eq!(read("").unwrap().log_format, LogFormat::Plain);
        assert_eq!(read("log_format = \"json\"").unwrap().log_format, LogFormat::Json);
        let said = read("log_format = \"xml\"").unwrap_err();
        assert!(said.contains("log_format") && said.contains("plain") && said.contains("json"), "{said}");
    }
}
