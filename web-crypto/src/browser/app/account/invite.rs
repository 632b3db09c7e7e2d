//! An invite: the token in a link, and whether the server takes it.
//!
//! The token stands in the link's fragment (`/sign-up#invite=…`). Browsers send a fragment to nobody, so no proxy and no log
//! of a server has it.

use super::AccountError;
use crate::browser::{app::api, platform::service::Http};
use cliquet_wire::sign_in::CheckInvite;

const FRAGMENT: &str = "invite=";

/// The token of a link's fragment, with or without `#`. `None` when the fragment is no invite.
///
/// What a mail program or a hand puts around a link is left out: a full stop, a bracket, a space.
pub fn of_fragment(fragment: &str) -> Option<String> {
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    let rest = fragment.strip_prefix(FRAGMENT)?;
    // A space that was pasted before the token.
    let rest = rest.trim_start_matches("%20").trim_start();
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect())
}

/// Asks the server whether an account can be made with this invite. Uses nothing up.
///
/// # Errors
/// A problem of the server's that says used, expired or unknown in the reader's language.
pub async fn check(http: &impl Http, invite: &str) -> Result<(), AccountError> {
    Ok(api::send(http, "POST", "/invites/check", &CheckInvite { invite: invite.to_owned() }).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_token_is_left_out() {
        for fragment in [
            "#invite=Ab-_9",
            "invite=Ab-_9",
            "#invite=Ab-_9.",
            "#invite=Ab-_9%20",
            "#invite=%20Ab-_9)",
            "#invite=Ab-_9>,",
            "#invite= Ab-_9\u{a0}",
        ] {
            assert_eq!(of_fragment(fragment).as_deref(), Some("Ab-_9"), "{fragment}");
        }
    }

    #[test]
    fn another_fragment_is_no_invite_and_an_empty_one_is_an_unknown_one() {
        for fragment in ["", "#", "#content", "#Invite=x", "#x&invite=y"] {
            assert_eq!(of_fragment(fragment), None, "{fragment}");
        }
        assert_eq!(of_fragment("#invite=").as_deref(), Some(""));
    }
}
