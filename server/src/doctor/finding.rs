//! One line of what the doctor says.

pub(super) enum Finding {
    Fine(String),
    /// Works, but the host should know.
    Note(String),
    Wrong(String),
}
