//! The pane of one's own devices: the forms that rename one. Those that remove one take the password
//! (`pages/removals.rs`).

use super::{
    Engine, dom,
    sentences::{of_server, word},
};
use crate::browser::{
    app::{devices, error::AppError},
    platform::task,
};
use cliquet_wire::problem::ProblemCode;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

thread_local! {
    /// The one that was just renamed: on the pane that is shown next the keyboard stays with it.
    static RENAMED: RefCell<Option<String>> = const { RefCell::new(None) };
}

const FORM: &str = "data-rename-device";
/// On the pane: have htmx fetch it again.
const FETCH_AGAIN: &str = "renamed";

/// Serves the pane, if it is on the page.
pub fn serve(engine: &Rc<Engine>) {
    let Some(pane) = dom::find(".devices") else { return };
    serve_names(engine, &pane);
}

fn serve_names(engine: &Rc<Engine>, pane: &Element) {
    for fieldset in dom::all_within(pane, &["[", FORM, "] > fieldset"].concat()) {
        let _ = fieldset.remove_attribute("disabled");
        let row = fieldset.closest("li").ok().flatten();
        let name = row.and_then(|row| dom::within(&row, "strong")?.text_content()).unwrap_or_default();
        if let Some(input) = dom::within(&fieldset, "input") {
            input.unchecked_ref::<HtmlInputElement>().set_value(&name);
        }
    }
    if let Some(id) = RENAMED.take()
        && let Some(summary) = dom::by_id(&["rename-", &id].concat())
    {
        let _ = summary.unchecked_ref::<HtmlElement>().focus();
    }
    let (engine, pane) = (engine.clone(), pane.clone());
    dom::on(&pane.clone(), "submit", move |event| {
        let Some(form) = dom::around(event, &["[", FORM, "]"].concat()) else { return };
        event.prevent_default();
        let (engine, pane) = (engine.clone(), pane.clone());
        task::spawn(async move {
            let said = match rename(&engine, &form).await {
                Ok(id) => {
                    RENAMED.replace(Some(id));
                    dom::dispatch(&pane, FETCH_AGAIN);
                    String::new()
                }
                Err(AppError::Http(error)) if error.code() == Some(ProblemCode::Malformed) => {
                    word("device-name-refused")
                }
                Err(AppError::Http(error)) => of_server(&error),
                Err(_) => word("page-broken"),
            };
            if let Some(line) = dom::within(&pane, ".form-error") {
                line.set_text_content(Some(&said));
            }
        });
    });
}

/// Tells which device was renamed.
async fn rename(engine: &Engine, form: &Element) -> Result<String, AppError> {
    let id = form.get_attribute(FORM).unwrap_or_default();
    let input = dom::within(form, "input").and_then(|input| input.dyn_into::<HtmlInputElement>().ok());
    let name = input.map(|input| input.value()).unwrap_or_default();
    devices::rename(engine, &id, name).await?;
    Ok(id)
}
