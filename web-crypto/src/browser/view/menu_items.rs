//! The items of a menu, and the keys that go from one to another.

use super::dom;
use web_sys::Element;

/// The items that can be chosen, in order.
pub fn items(menu: &Element) -> Vec<Element> {
    let shown = |item: &Element| item.closest("[hidden]").ok().flatten().is_none();
    dom::all_within(menu, "button").into_iter().filter(shown).collect()
}

/// Goes to another item of the menu with this id, as menus do (ARIA Authoring Practices, "Menu"). `false`: the key means something else.
pub fn step(menu: &str, key: &str) -> bool {
    let Some(menu) = dom::by_id(menu) else { return false };
    let items = items(&menu);
    let at = dom::active().and_then(|active| items.iter().position(|item| *item == active)).unwrap_or(0);
    let last = items.len().saturating_sub(1);
    let to = match key {
        "ArrowDown" | "ArrowRight" => {
            if at == last {
                0
            } else {
                at + 1
            }
        }
        "ArrowUp" | "ArrowLeft" => at.checked_sub(1).unwrap_or(last),
        "Home" => 0,
        "End" => last,
        _ => return false,
    };
    if let Some(item) = items.get(to) {
        dom::focus(item);
    }
    true
}
