//! What the sign-up page says of an invite.

use super::dom;

/// What is known of the invite in the page's link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InviteState {
    /// None came with the link, or none is needed.
    None,
    Checking,
    Good,
    /// The sentence that says why not.
    Refused(String),
}

/// Shows the paragraphs whose `data-invite` is the state, and hides the others.
pub fn show(state: InviteState) {
    let name = match &state {
        InviteState::None => "none",
        InviteState::Checking => "checking",
        InviteState::Good => "good",
        InviteState::Refused(_) => "refused",
    };
    for element in dom::all("[data-invite]") {
        let is_it = element.get_attribute("data-invite").as_deref() == Some(name);
        dom::hide(&element, !is_it);
        if is_it && let InviteState::Refused(sentence) = &state {
            element.set_text_content(Some(sentence));
        }
    }
}

/// A browser keeps the fragment of a form's address over the redirect that answers it. So the choice of a language comes
/// back with the invite, and still sends it to nobody.
pub fn keep_over_change_of_language(fragment: &str) {
    if let Some(form) = dom::find("form.languages") {
        let _ = form.set_attribute("action", &["/language", fragment].concat());
    }
}
