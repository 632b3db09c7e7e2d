//! Keeping pre-keys on the server: refilled when few are left, replaced every week.

use super::{
    home::{Home, Trouble},
    platform::{http, timer},
};
use cliquet_wire::pre_keys::PreKeyStock;
use std::rc::Rc;

/// Often enough for a weekly change and a hundred first messages a day.
const EVERY_MS: u32 = 6 * 3600 * 1000;

/// For as long as the page lives. A failure waits for the next time: other devices' messages still arrive meanwhile.
pub async fn tend(home: Rc<Home>) {
    loop {
        if let Err(trouble) = once(&home).await {
            // The poll says whether the server is there.
            if !matches!(trouble, Trouble::Http(_)) {
                home.complain(&trouble);
            }
        }
        timer::pause(EVERY_MS).await;
    }
}

async fn once(home: &Rc<Home>) -> Result<(), Trouble> {
    let stock: PreKeyStock = http::get("/devices/self/pre-keys").await?;
    if home.turn().await?.messenger().pre_keys_due(&stock, timer::now_ms()) {
        // Once a week, or after many first messages: the keeper makes and signs them.
        let _ = home.call_keeper("pre-keys").await;
    }
    Ok(())
}
