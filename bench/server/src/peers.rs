//! What is measured beside Cliquet: which servers are here and wanted, and how each is started.

use crate::{
    Options, Outcome,
    report::{BARE, CLIQUET_REDIS, EJABBERD, NCHAN, NCHAN_REDIS, PROSODY},
    servers::{NCHAN_MODULE, Redis, Running, bare_rocket, installed, nchan},
    target::{Account, Target},
    xmpp_servers::{Ejabberd, Prosody},
};
use std::{path::Path, process::Command, sync::Arc};

/// A way to start a system.
pub type Start<'a> = Box<dyn Fn() -> Outcome<(Running, Target)> + 'a>;

pub struct Peers {
    /// For Cliquet.
    pub durable: Option<Redis>,
    memory: Option<Redis>,
    nchan: bool,
    prosody: Option<Prosody>,
    ejabberd: Option<Ejabberd>,
}

impl Peers {
    pub fn prepared(options: &Options, accounts: usize) -> Outcome<Self> {
        let folder = |name: &str| options.folder.join(name);
        let wanted = |system: &str, program: &str| options.compares(system) && installed(program);
        let nchan = Path::new(NCHAN_MODULE).exists() && installed("nginx");
        let redis = |system, durable, name| {
            wanted(system, "redis-server").then(|| Redis::start(&folder(name), durable)).transpose()
        };
        Ok(Self {
            durable: redis(CLIQUET_REDIS, true, "redis-durable")?,
            memory: if nchan { redis(NCHAN_REDIS, false, "redis-memory")? } else { None },
            nchan: nchan && options.compares(NCHAN),
            prosody: wanted(PROSODY, "prosody").then(|| Prosody::seeded(folder("prosody"), accounts)).transpose()?,
            ejabberd: wanted(EJABBERD, "ejabberdctl")
                .then(|| Ejabberd::seeded(folder("ejabberd"), accounts))
                .transpose()?,
        })
    }

    pub fn starts<'a>(&'a self, options: &'a Options, seeded: &'a Arc<Vec<Account>>) -> Vec<(&'static str, Start<'a>)> {
        let folder = |name: &str| options.folder.join(name);
        let mut starts: Vec<(&'static str, Start<'a>)> = vec![(BARE, Box::new(|| bare_rocket(seeded)))];
        if self.nchan {
            starts.push((NCHAN, Box::new(move || nchan(&folder("nchan"), None, seeded))));
        }
        if let Some(memory) = &self.memory {
            starts.push((NCHAN_REDIS, Box::new(move || nchan(&folder("nchan-redis"), Some(memory), seeded))));
        }
        if let Some(prosody) = &self.prosody {
            starts.push((PROSODY, Box::new(|| prosody.start(seeded))));
        }
        if let Some(ejabberd) = &self.ejabberd {
            starts.push((EJABBERD, Box::new(|| ejabberd.start(seeded))));
        }
        starts.retain(|(system, _)| options.compares(system));
        starts
    }
}

/// The first line that a program says, if it is there.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).lines().next().map(str::to_owned)
}

/// Prosody is not asked itself: its `--version` starts a server.
pub fn versions() -> String {
    let package = |name: &str, package: &str| {
        said("dpkg-query", &["--show", &format!("--showformat={name} ${{Version}}"), package])
    };
    let mut text = String::from("\n");
    for (system, is_there, version) in [
        ("nginx", installed("nginx"), said("nginx", &["-v"])),
        ("nchan", Path::new(NCHAN_MODULE).exists(), package("nchan", "libnginx-mod-nchan")),
        ("Redis", installed("redis-server"), said("redis-server", &["--version"])),
        ("Prosody", installed("prosody"), package(PROSODY, "prosody")),
        ("ejabberd", installed("ejabberdctl"), package(EJABBERD, "ejabberd")),
    ] {
        let version = version.filter(|_| is_there);
        text.push_str(&format!("- {}\n", version.unwrap_or_else(|| format!("{system}: not installed, not measured"))));
    }
    text
}
