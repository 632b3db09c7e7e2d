//! Cliquet's server: a post office that cannot open letters.
//!
//! `routes` speak HTTP and call the stores; the stores speak SQL or Redis and know nothing of HTTP.

pub mod accept;
pub mod accounts;
pub mod admin;
pub mod announcement;
pub mod assets;
pub mod audit;
pub mod backlog;
pub mod backup;
pub mod body;
pub mod cache;
pub mod catchers;
pub mod causes;
pub mod clock;
mod commits;
pub mod config;
pub mod contacts;
pub mod cookies;
pub mod database;
pub mod deleted_accounts;
pub mod deletion;
pub mod delivery_tokens;
pub mod detour;
pub mod device_challenge;
pub mod devices;
pub mod doctor_pass;
pub mod earlier_vaults;
pub mod error;
pub mod figures;
pub mod files;
pub mod guesses;
pub mod headers;
pub mod history;
pub mod hosting;
pub mod invites;
pub mod known_browsers;
pub mod mailbox;
pub mod now;
pub mod origin;
pub mod outgoing;
pub mod pages;
pub mod password;
pub mod pool;
pub mod pre_keys;
pub mod private_files;
pub mod problem_response;
pub mod public_url;
pub mod push;
pub mod readiness;
pub mod response;
pub mod restore;
pub mod routes;
pub mod seed;
pub mod side_server;
pub mod sign_ins;
pub mod signatures;
pub mod signed_in;
pub mod storage;
pub mod throttle;
pub mod token;
pub mod words;

use crate::{
    clock::Clock, config::Config, database::Database, files::Files, guesses::Guesses, history::Histories,
    mailbox::Mailboxes, pages::Pages, password::Passwords, push::Push, throttle::Throttle,
};
use rocket::{Build, Rocket, fairing::AdHoc, figment::Figment, shield::Shield};

/// Why the server does not start. `cliquet doctor` says the same in plain words.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("a setting does not read")]
    Config(#[source] Box<rocket::figment::Error>),
    #[error("the database does not open")]
    Database(#[from] database::Error),
    #[error("the files that people send are not to be had")]
    Files(#[from] files::OpenError),
    #[error("web push cannot be set up")]
    Push(#[from] push::OpenError),
    #[error("a page does not read")]
    Pages(#[from] pages::PageError),
}

/// The whole server, not yet listening. Each concern is a stage: what it keeps, its fairings, its routes.
pub fn build(figment: Figment, clock: Clock) -> Result<Rocket<Build>, BuildError> {
    let config = Config::from_figment(&figment).map_err(|error| BuildError::Config(Box::new(error)))?;
    let database = Database::open(&config.data_dir())?;
    let histories = Histories::open(&config.data_dir(), &config)?;
    let files = Files::open(&config.data_dir(), &config)?;
    let passwords = Passwords::load(&*database.connection()?)?;
    let push = Push::open(&config, &*database.connection()?)?;
    let pages = Pages::load()?;
    Ok(rocket::custom(figment)
        .manage(clock)
        .manage(database)
        .manage(histories)
        .manage(signed_in::SignInCache::default())
        .manage(routes::messages::AllowedPosts::default())
        .manage(routes::ephemeral::ReceiverDevices::default())
        .manage(storage::Storage::new(&config))
        .manage(Throttle::new(&config.throttles))
        .manage(Guesses::new(&config.throttles))
        .manage(config)
        // Rocket's own headers go: these say all that they say, and more.
        .attach(Shield::new())
        .attach(headers::Headers::fairing())
        .attach(origin::OriginCheck)
        .attach(detour::Detour)
        .attach(backlog::raise())
        .attach(mailbox_stage())
        .attach(accounts_stage(passwords))
        .attach(files_stage(files))
        .attach(push_stage(push))
        .attach(pages_stage(pages))
        .attach(clearing_stage())
        .attach(figures::listener::stage())
        .register("/", catchers::catchers()))
}

/// Where undelivered envelopes wait. Opened at ignition: Redis needs the async threads.
fn mailbox_stage() -> AdHoc {
    AdHoc::try_on_ignite("Mailbox", |rocket| async {
        let (Some(config), Some(clock)) = (rocket.state::<Config>(), rocket.state::<Clock>()) else {
            return Err(rocket);
        };
        match Mailboxes::open(config, clock.clone()) {
            Ok(mailboxes) => Ok(rocket
                .manage(mailboxes)
                .mount("/", routes::messages::routes())
                .mount("/", routes::ephemeral::routes())
                .mount("/", routes::poll::routes())
                .mount("/", routes::health::routes())),
            Err(error) => {
                // The source may show the address of Redis, and a password in it.
                tracing::error!("{error}");
                Err(rocket)
            }
        }
    })
}

/// People, their devices and contacts.
fn accounts_stage(passwords: Passwords) -> AdHoc {
    AdHoc::on_ignite("Accounts", |rocket| async {
        rocket
            .manage(passwords)
            .mount("/", routes::sign_up::routes())
            .mount("/", routes::sign_in::routes())
            .mount("/", routes::contacts::routes())
            .mount("/", routes::devices::routes())
            .mount("/", routes::vault::routes())
            .mount("/", routes::delivery_token::routes())
            .mount("/", routes::password::routes())
            .mount("/", routes::recovery::routes())
            .mount("/", routes::history::routes())
            .mount("/", routes::safety::routes())
            .mount("/", routes::settings::routes())
            .mount("/", routes::account::routes())
            .mount("/", routes::admin::routes())
    })
}

/// What people send beside texts.
fn files_stage(files: Files) -> AdHoc {
    AdHoc::on_ignite("Files", |rocket| async {
        rocket.manage(files).mount("/", routes::files::routes()).attach(AdHoc::on_liftoff("Collection", |rocket| {
            Box::pin(async move {
                if let (Some(files), Some(clock)) = (rocket.state::<Files>(), rocket.state::<Clock>()) {
                    rocket::tokio::spawn(files.clone().collect_at_intervals(clock.clone()));
                }
            })
        }))
    })
}

/// Word to devices on which no page is open.
fn push_stage(push: Push) -> AdHoc {
    AdHoc::on_ignite("Push", |rocket| async {
        rocket.manage(push).mount("/", routes::push::routes()).attach(AdHoc::on_liftoff("Word", |rocket| {
            Box::pin(async move {
                let (Some(push), Some(database)) = (rocket.state::<Push>(), rocket.state::<Database>()) else { return };
                let (Some(mailboxes), Some(clock)) = (rocket.state::<Mailboxes>(), rocket.state::<Clock>()) else {
                    return;
                };
                rocket::tokio::spawn(push.clone().run(database.clone(), mailboxes.clone(), clock.clone()));
            })
        }))
    })
}

/// Finishes the deletions that an earlier process began.
fn clearing_stage() -> AdHoc {
    AdHoc::on_liftoff("Leftovers", |rocket| {
        Box::pin(async move {
            let (Some(database), Some(mailboxes)) = (rocket.state::<Database>(), rocket.state::<Mailboxes>()) else {
                return;
            };
            let (Some(histories), Some(files)) = (rocket.state::<Histories>(), rocket.state::<Files>()) else { return };
            if let Err(error) = deletion::clear_leftovers(database, mailboxes, histories, files).await {
                tracing::warn!(cause = causes::on_one_line(&error), "something of a deleted account stays for now");
            }
        })
    })
}

/// What people see.
fn pages_stage(pages: Pages) -> AdHoc {
    AdHoc::on_ignite("Pages", |rocket| async {
        rocket
            .manage(pages)
            .mount("/", routes::home::routes())
            .mount("/", routes::detour::routes())
            .mount("/", routes::conversations::routes())
            .mount("/", routes::search::routes())
            .mount("/", routes::gallery::routes())
            .mount("/", routes::add_me::routes())
            .mount("/", routes::transparency::routes())
            .mount("/", routes::security_txt::routes())
            .mount("/", routes::doctor::routes())
            .mount("/", routes::language::routes())
            .mount("/", routes::assets::routes())
            .mount("/", routes::offline::routes())
    })
}
