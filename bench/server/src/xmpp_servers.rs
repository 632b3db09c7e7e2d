//! Starts Prosody and ejabberd as Debian packages them, each with the modules of its Debian configuration.
//!
//! Left out is what a server on loopback has no use for: TLS, other servers, administration, conferences, calls, and what
//! slows a client down on purpose. Passwords are stored as they are, so that a sign-in costs no stretching.
//!
//! What neither does and Cliquet does: write a message to the disk before its sender is answered. They write only those
//! for recipients who are away. A message for a recipient who is there is lost if the server ends before it was fetched.

use crate::{
    Outcome, bosh,
    process::family,
    servers::{Running, free_address},
    target::{Account, Kind, Target},
    workloads::CONNECTIONS,
};
use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

/// The names of all who sign in when there are so many recipients.
fn names(recipients: usize) -> impl Iterator<Item = String> {
    (0..recipients).map(bosh::recipient).chain((0..CONNECTIONS).map(bosh::sender))
}

fn target(running: &Running, address: SocketAddr, path: &'static str, accounts: &Arc<Vec<Account>>) -> Outcome<Target> {
    let fronts = family(running.id())?;
    Ok(Target { kind: Kind::Bosh(path), address, processes: fronts.clone(), fronts, accounts: Arc::clone(accounts) })
}

pub struct Prosody {
    folder: PathBuf,
    accounts: usize,
}

impl Prosody {
    /// Its accounts are files, and are written as `prosodyctl register` writes them.
    pub fn seeded(folder: PathBuf, recipients: usize) -> Outcome<Self> {
        let accounts = folder.join("data").join(bosh::DOMAIN).join("accounts");
        fs::create_dir_all(&accounts)?;
        for name in names(recipients) {
            let account = format!("return {{\n\t[\"password\"] = \"{}\";\n}};\n", bosh::PASSWORD);
            fs::write(accounts.join(name).with_extension("dat"), account)?;
        }
        Ok(Self { folder, accounts: names(recipients).count() })
    }

    pub fn start(&self, accounts: &Arc<Vec<Account>>) -> Outcome<(Running, Target)> {
        let address = free_address()?;
        let file = self.folder.join("prosody.cfg.lua");
        fs::write(&file, self.settings(address))?;
        let mut running = Running::start(Command::new("prosody").arg("-F").arg("--config").arg(&file))?;
        running.until_listening(address)?;
        let target = target(&running, address, "/http-bind", accounts)?;
        Ok((running, target))
    }

    /// Faster than as it is packaged, by a factor of five in workload C: it does not collect garbage after each 5 % of growth
    /// but as Lua itself does, and it remembers everyone's blocklist, not only those of 64.
    fn settings(&self, address: SocketAddr) -> String {
        format!(
            "run_as_root = true
gc = {{ threshold = 200, speed = 100 }}
blocklist_cache_size = {accounts}
pidfile = '{folder}/prosody.pid'
data_path = '{folder}/data'
certificates = '{folder}'
log = {{ error = '{folder}/prosody.log' }}
modules_enabled = {{
  'disco', 'roster', 'saslauth', 'blocklist', 'bookmarks', 'carbons', 'pep', 'private', 'smacks', 'vcard4', 'vcard_legacy',
  'csi_simple', 'ping', 'time', 'uptime', 'version', 'posix', 'bosh',
}}
modules_disabled = {{ 's2s' }}
c2s_ports = {{}}
c2s_direct_tls_ports = {{}}
https_ports = {{}}
http_ports = {{ {port} }}
http_interfaces = {{ '{ip}' }}
network_settings = {{ tcp_backlog = 4096 }}
authentication = 'internal_plain'
consider_bosh_secure = true
VirtualHost '{domain}'
",
            accounts = self.accounts,
            folder = self.folder.display(),
            port = address.port(),
            ip = address.ip(),
            domain = bosh::DOMAIN,
        )
    }
}

pub struct Ejabberd(PathBuf);

const EJABBERDCTL: &str = "/usr/sbin/ejabberdctl";

impl Ejabberd {
    /// A start of its own registers the accounts: `ejabberdctl register` would start an Erlang for each.
    pub fn seeded(folder: PathBuf, recipients: usize) -> Outcome<Self> {
        fs::create_dir_all(&folder)?;
        let ejabberd = Self(folder);
        let names = names(recipients).map(|name| format!("<<\"{name}\">>")).collect::<Vec<_>>().join(",");
        let names_file = ejabberd.0.join("names");
        fs::write(&names_file, format!("[{names}]."))?;
        let register = format!(
            "{{ok, [Names]}} = file:consult(\"{}\"), \
             [ok = ejabberd_auth:try_register(Name, <<\"{}\">>, <<\"{}\">>) || Name <- Names], init:stop().",
            names_file.display(),
            bosh::DOMAIN,
            bosh::PASSWORD,
        );
        let mut command = ejabberd.command(free_address()?)?;
        if !command.args(["-eval", &register]).stdin(Stdio::null()).stdout(Stdio::null()).status()?.success() {
            return Err("ejabberd's accounts could not be registered".into());
        }
        Ok(ejabberd)
    }

    pub fn start(&self, accounts: &Arc<Vec<Account>>) -> Outcome<(Running, Target)> {
        let address = free_address()?;
        let mut running = Running::start(&mut self.command(address)?)?;
        running.until_listening(address)?;
        let target = target(&running, address, "/bosh", accounts)?;
        Ok((running, target))
    }

    /// Erlang as `ejabberdctl` starts it, but without a change of user, and without a name: a node with a name starts
    /// `epmd`, which stays behind.
    fn command(&self, address: SocketAddr) -> Outcome<Command> {
        let folder = &self.0;
        let settings = folder.join("ejabberd.yml");
        fs::write(&settings, Self::settings(address))?;
        let script = fs::read_to_string(EJABBERDCTL)?;
        let libraries = script.lines().find_map(|line| line.strip_prefix("ERL_LIBS='")?.strip_suffix('\''));
        let mut command = Command::new("erl");
        command
            .current_dir(folder)
            .env("ERL_LIBS", libraries.ok_or("ejabberdctl does not say where its libraries are")?)
            .env("ERL_MAX_PORTS", "32000")
            .env("EJABBERD_CONFIG_PATH", settings)
            .env("EJABBERD_LOG_PATH", folder.join("ejabberd.log"))
            .args(["-noinput", "+K", "true", "+P", "250000", "-env", "ERL_CRASH_DUMP_BYTES", "0"])
            .args(["-mnesia", "dir", &format!("\"{}\"", folder.join("spool").display()), "-ejabberd", "quiet", "true"])
            .args(["-s", "ejabberd"]);
        Ok(command)
    }

    fn settings(address: SocketAddr) -> String {
        format!(
            "hosts: [{domain}]
loglevel: error
auth_password_format: plain
listen:
  - port: {port}
    ip: {ip}
    module: ejabberd_http
    request_handlers: {{/bosh: mod_bosh}}
    backlog: 4096
shaper_rules:
  max_user_sessions: 10
  max_user_offline_messages: 100
  c2s_shaper: none
modules:
  mod_adhoc: {{}}
  mod_avatar: {{}}
  mod_blocking: {{}}
  mod_bosh: {{}}
  mod_caps: {{}}
  mod_carboncopy: {{}}
  mod_client_state: {{}}
  mod_disco: {{}}
  mod_last: {{}}
  mod_offline: {{access_max_user_messages: max_user_offline_messages}}
  mod_ping: {{}}
  mod_privacy: {{}}
  mod_private: {{}}
  mod_pubsub: {{plugins: [flat, pep]}}
  mod_push: {{}}
  mod_push_keepalive: {{}}
  mod_roster: {{versioning: true}}
  mod_stream_mgmt: {{resend_on_timeout: if_offline}}
  mod_vcard: {{search: false}}
  mod_vcard_xupdate: {{}}
  mod_version: {{}}
",
            domain = bosh::DOMAIN,
            port = address.port(),
            ip = address.ip(),
        )
    }
}
