//! Whether both stores answer: for monitoring and for proxies.

use crate::{
    database::Database,
    error::Error,
    mailbox::{Mailbox, Mailboxes},
    response::HtmlOrJson,
};
use rocket::{Route, State, get, routes};
use serde::Serialize;

pub fn routes() -> Vec<Route> {
    routes![health]
}

#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
}

/// Asks both stores. One that does not answer makes it 503.
#[get("/health")]
async fn health(database: &State<Database>, mailboxes: &State<Mailboxes>) -> Result<HtmlOrJson<Health>, Error> {
    database
        .run(|connection| Ok::<_, crate::database::Error>(connection.query_row("SELECT 1", [], |_| Ok(()))?))
        .await?;
    mailboxes.check().await?;
    Ok(HtmlOrJson::new(Health { status: "ok" }))
}
