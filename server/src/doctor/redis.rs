//! Whether the Redis of the mailboxes keeps what it is given.
//!
//! Owns the settings that it must have, and their words. Only asks, changes nothing.

use super::finding::Finding;
use redis::{Client, Connection, InfoDict, RedisResult};
use std::{collections::HashMap, time::Duration};

/// A Redis that is well answers in well under a millisecond.
const PATIENCE: Duration = Duration::from_secs(3);

/// The address may hold a password, and is not shown.
pub(super) fn findings(url: &str) -> Vec<Finding> {
    let mut connection = match connect(url) {
        Ok(connection) => connection,
        Err(error) => {
            return vec![Finding::Wrong(format!(
                "Undelivered envelopes are to wait in Redis, and it does not answer: {error}. Start it, and check the \
                 address, the user and the password in `mailbox`."
            ))];
        }
    };
    let mut findings = match redis::cmd("INFO").query::<InfoDict>(&mut connection) {
        Ok(info) => surroundings(&info),
        Err(error) => vec![Finding::Note(format!("Redis answers, but does not tell what it is: {error}."))],
    };
    findings.extend(["appendonly", "appendfsync", "maxmemory-policy"].map(|name| setting(&mut connection, name)));
    findings
}

fn connect(url: &str) -> RedisResult<Connection> {
    let mut connection = Client::open(url)?.get_connection_with_timeout(PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    redis::cmd("PING").query::<()>(&mut connection)?;
    Ok(connection)
}

fn surroundings(info: &InfoDict) -> Vec<Finding> {
    let said = |name| info.get::<String>(name);
    let version = match (said("valkey_version"), said("redis_version")) {
        (Some(version), _) => format!("Valkey {version}"),
        (None, Some(version)) => format!("Redis {version}"),
        (None, None) => "Redis".to_owned(),
    };
    let mut findings = vec![Finding::Fine(format!("Undelivered envelopes wait in {version}, which answers."))];
    if said("cluster_enabled").as_deref() == Some("1") {
        findings.push(Finding::Wrong(
            "That Redis is a cluster. A message to several devices is stored all at once or not at all, which a cluster \
             cannot do: name one that has `cluster-enabled no`."
                .to_owned(),
        ));
    }
    if said("role").as_deref() == Some("slave") {
        findings.push(Finding::Wrong(
            "That Redis is a replica and takes no writes. Name the primary in `mailbox`.".to_owned(),
        ));
    }
    findings
}

fn setting(connection: &mut Connection, name: &str) -> Finding {
    let asked: RedisResult<HashMap<String, String>> = redis::cmd("CONFIG").arg("GET").arg(name).query(connection);
    match asked.ok().and_then(|mut settings| settings.remove(name)) {
        Some(value) => judged(name, &value),
        None => Finding::Note(format!(
            "Redis does not tell its setting `{name}`. It must be: `{}`. Ask the person who runs it.",
            wanted(name)
        )),
    }
}

fn wanted(name: &str) -> &'static str {
    match name {
        "appendonly" => "appendonly yes",
        "appendfsync" => "appendfsync always",
        _ => "maxmemory-policy noeviction",
    }
}

fn judged(name: &str, value: &str) -> Finding {
    let wanted = wanted(name);
    let is_so = format!("{name} {value}");
    if is_so == wanted {
        return Finding::Fine(format!("Redis has `{wanted}`."));
    }
    let how = format!(
        "Write `{wanted}` into its configuration file and restart it, or run `redis-cli CONFIG SET {wanted}` and \
         `redis-cli CONFIG REWRITE` (`valkey-cli` for Valkey)."
    );
    match name {
        "appendonly" => Finding::Wrong(format!(
            "Redis has `{is_so}`: what it acknowledged is lost when it ends, and messages with it. {how}"
        )),
        "appendfsync" => Finding::Note(format!(
            "Redis has `{is_so}`: when the machine loses power, the last second of messages may be lost though their \
             senders were told that they are kept. {how}"
        )),
        _ => Finding::Wrong(format!(
            "Redis has `{is_so}`: when its memory is full it throws undelivered messages away instead of refusing new \
             ones. {how}"
        )),
    }
}
