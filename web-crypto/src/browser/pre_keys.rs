//! Keeping pre-keys on the server: refilled when few are left, replaced every week.

use super::{
    home::{Home, Trouble},
    http, page, random,
};
use cliquet_wire::pre_keys::{PreKeyStock, PreKeyUpload};
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
        page::pause(EVERY_MS).await;
    }
}

async fn once(home: &Rc<Home>) -> Result<(), Trouble> {
    let Some(signer) = home.signer().await? else { return Ok(()) };
    let stock: PreKeyStock = http::get("/devices/self/pre-keys").await?;
    let mut due: Option<PreKeyUpload> = None;
    let turn = home.turn().await?;
    let tended = turn.messenger().tend_pre_keys(&stock, page::now_ms(), &signer, &mut random::system()).await;
    let made = tended.map(|tended| {
        tended.map(|(step, upload)| {
            due = Some(upload);
            step
        })
    });
    turn.end(made).await?;
    // The secret halves are durable: now the public ones may be handed out.
    if let Some(upload) = due {
        http::send("PUT", "/devices/self/pre-keys", &upload).await?;
    }
    Ok(())
}
