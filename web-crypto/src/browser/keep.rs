//! The module `keeper`, called when there is something for it: texts to keep, contacts that changed, what a new device
//! lacks, a rare decision. It makes steps of its own with the records, while the home page lends it the turn.

use super::{
    home::Home,
    platform::{
        store::{CONTACTS, TO_RESTORE},
        timer,
    },
};
use crate::client::records::Store;
use js_sys::{Array, Function, Promise};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// What is written in one go is kept in one go.
const PAUSE_MS: u32 = 4_000;

#[wasm_bindgen]
extern "C" {
    /// What the keeper's glue exports, see `keeper.rs`.
    type Keeper;
    #[wasm_bindgen(method, catch)]
    async fn tend(this: &Keeper, lend: &Function, wish: &str) -> Result<JsValue, JsValue>;
}

/// When the keeper is called.
#[derive(Debug)]
pub struct Keeping {
    /// `assets/boot.js` hands it in: Rust has no `import`.
    open: Function,
    called: Cell<bool>,
    lend: RefCell<Option<Function>>,
}

impl Keeping {
    pub fn new(open: Function) -> Self {
        Self { open, called: Cell::new(false), lend: RefCell::default() }
    }
}

impl Home {
    /// At the start: a new device knows its contacts before it hears anybody.
    pub async fn keep_what_is_left(self: &Rc<Self>) -> Result<(), JsValue> {
        match self.store.get(TO_RESTORE, CONTACTS).await {
            Ok(Some(_)) => self.call_keeper(CONTACTS).await.map(drop),
            _ => Ok(()),
        }
    }

    /// The same as `keep`, if something was left to do, and at once: somebody may be waiting for a history.
    pub async fn keep_on(self: Rc<Self>) {
        if !matches!(self.store.next(Store::ToKeep.name(), "").await, Ok(None))
            || !matches!(self.store.next(TO_RESTORE, "").await, Ok(None))
        {
            self.keep_after(0);
        }
    }

    /// There is something to keep. Soon, and once for all that comes meanwhile.
    pub fn keep(self: &Rc<Self>) {
        self.keep_after(PAUSE_MS);
    }

    fn keep_after(self: &Rc<Self>, pause_ms: u32) {
        if !self.leads() || self.keeping.called.replace(true) {
            return;
        }
        self.spawn(async move |home: Rc<Self>| {
            timer::pause(pause_ms).await;
            home.keeping.called.set(false);
            // A failure waits for the next text: what is to be kept stays in line.
            let _ = home.call_keeper("").await;
        });
    }

    /// `wish`: what else it shall do now.
    pub async fn call_keeper(self: &Rc<Self>, wish: &str) -> Result<JsValue, JsValue> {
        let opening: Promise = self.keeping.open.call0(&JsValue::UNDEFINED)?.unchecked_into();
        let keeper: Keeper = JsFuture::from(opening).await?.unchecked_into();
        let lend = self.keeping.lend.borrow().clone();
        let lend = lend.unwrap_or_else(|| self.lend());
        keeper.tend(&lend, wish).await
    }

    /// Given a function that makes a step with the records and gives the names of those that changed, calls it when it
    /// is its turn, and goes on with what the records say then.
    fn lend(self: &Rc<Self>) -> Function {
        let home = self.clone();
        let lend = Closure::<dyn Fn(Function) -> Promise>::new(move |step: Function| {
            let home = home.clone();
            future_to_promise(async move {
                let turn = home.turns().take().await;
                let made: Promise = step.call0(&JsValue::UNDEFINED)?.unchecked_into();
                let changed = JsFuture::from(made).await;
                home.read_anew().await;
                drop(turn);
                home.announce(&names(&changed?));
                Ok(JsValue::UNDEFINED)
            })
        });
        let lend: Function = lend.into_js_value().unchecked_into();
        self.keeping.lend.replace(Some(lend.clone()));
        lend
    }
}

fn names(changed: &JsValue) -> Vec<String> {
    Array::from(changed).iter().filter_map(|name| name.as_string()).collect()
}
