//! Starts the servers that are measured, on loopback and in a folder of their own, and ends them by their process ids.

use crate::{
    Outcome,
    process::family,
    target::{Account, Kind, Target},
};
use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

/// Ends with the value: first kindly, so that a master takes its workers along.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command) -> Outcome<Self> {
        let line = format!("{command:?}");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Ok(Self(child.map_err(|error| format!("{line}: {error}"))?))
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn until_listening(&mut self, address: SocketAddr) -> Outcome<()> {
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.0.try_wait()? {
                return Err(format!("a server ended at its start: {status}").into());
            }
            if begun.elapsed() > Duration::from_secs(60) {
                return Err("a server does not listen".into());
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        for _ in 0..500 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_address() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Cliquet, and what it needs to be told.
pub struct Cliquet {
    pub program: PathBuf,
    pub folder: PathBuf,
    pub accounts: Arc<Vec<Account>>,
}

impl Cliquet {
    fn command(program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).env("ROCKET_DATA_DIR", folder.join("data")).env("ROCKET_LOG_LEVEL", "critical");
        command
    }

    /// A fresh folder with so many accounts.
    pub fn seeded(program: &Path, folder: PathBuf, count: usize) -> Outcome<(Self, Duration)> {
        Self::seeded_with_devices(program, folder, count, 1)
    }

    /// The same with so many devices for each account, which follow one another.
    pub fn seeded_with_devices(
        program: &Path,
        folder: PathBuf,
        count: usize,
        devices: usize,
    ) -> Outcome<(Self, Duration)> {
        fs::create_dir_all(&folder)?;
        let file = folder.join("accounts.jsonl");
        let begun = Instant::now();
        let mut command = Self::command(program, &folder);
        command.args(["seed-accounts", "--count", &count.to_string(), "--devices", &devices.to_string(), "--out"]);
        command.arg(&file).stderr(Stdio::null());
        if !command.status()?.success() {
            return Err("the accounts could not be seeded".into());
        }
        let took = begun.elapsed();
        let accounts = Arc::new(crate::target::accounts(&file)?);
        Ok((Self { program: program.to_owned(), folder, accounts }, took))
    }

    /// Starts it; the time is from exec to the first connection that is taken.
    pub fn start(&self, redis: Option<&Redis>) -> Outcome<(Running, Target, Duration)> {
        let address = free_address()?;
        let mut command = Self::command(&self.program, &self.folder);
        command
            .env("ROCKET_ADDRESS", address.ip().to_string())
            .env("ROCKET_PORT", address.port().to_string())
            // One account writes here what a thousand would.
            .env("ROCKET_THROTTLES", "{post_per_account_hour=1000000000}");
        if let Some(redis) = redis {
            command.env("ROCKET_MAILBOX", format!("redis://{}", redis.address));
        }
        let begun = Instant::now();
        let mut running = Running::start(&mut command)?;
        running.until_listening(address)?;
        let ready = begun.elapsed();
        let fronts = vec![running.id()];
        let processes = fronts.iter().copied().chain(redis.map(|redis| redis.running.id())).collect();
        let accounts = Arc::clone(&self.accounts);
        Ok((running, Target { kind: Kind::Cliquet, address, processes, fronts, accounts }, ready))
    }
}

/// A Redis of one's own.
pub struct Redis {
    running: Running,
    pub address: SocketAddr,
}

impl Redis {
    /// `durable`: with the settings that Cliquet's documentation demands. Else it keeps nothing, as nchan asks nothing.
    pub fn start(folder: &Path, durable: bool) -> Outcome<Self> {
        fs::create_dir_all(folder)?;
        let address = free_address()?;
        let mut command = Command::new("redis-server");
        command.current_dir(folder).args(["--bind", "127.0.0.1", "--port", &address.port().to_string(), "--save", ""]);
        command.args(["--maxmemory-policy", "noeviction", "--loglevel", "warning"]);
        if durable {
            command.args(["--appendonly", "yes", "--appendfsync", "always"]);
        }
        let mut running = Running::start(&mut command)?;
        running.until_listening(address)?;
        Ok(Self { running, address })
    }
}

pub const NCHAN_MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// nginx with one worker: with two, nchan's workers talk to each other, and the generator has no core left.
pub fn nchan(folder: &Path, redis: Option<&Redis>, accounts: &Arc<Vec<Account>>) -> Outcome<(Running, Target)> {
    fs::create_dir_all(folder)?;
    let address = free_address()?;
    let (upstream, pass) = match redis {
        Some(redis) => {
            (format!("upstream redis {{ nchan_redis_server redis://{}; }}", redis.address), "nchan_redis_pass redis;")
        }
        None => (String::new(), ""),
    };
    let settings = format!(
        "load_module {NCHAN_MODULE};
user root;
daemon off;
worker_processes 1;
worker_rlimit_nofile 24000;
pid nginx.pid;
error_log error.log crit;
events {{ worker_connections 24000; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  nchan_shared_memory_size 2048M;
  {upstream}
  server {{
    listen {address} backlog=4096;
    location ~ ^/pub/(\\w+)$ {{ nchan_publisher; nchan_channel_id $1; nchan_message_buffer_length 20000;
      nchan_message_timeout 60s; {pass} }}
    location ~ ^/sub/(\\w+)$ {{ nchan_subscriber longpoll; nchan_channel_id $1; nchan_subscriber_first_message oldest; {pass} }}
  }}
}}
"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, settings)?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(&file).stderr(Stdio::null());
    let mut running = Running::start(&mut command)?;
    running.until_listening(address)?;
    // The worker is there a little after the master listens.
    std::thread::sleep(Duration::from_millis(300));
    let fronts = family(running.id())?;
    let processes = fronts.iter().copied().chain(redis.map(|redis| redis.running.id())).collect();
    Ok((running, Target { kind: Kind::Nchan, address, processes, fronts, accounts: Arc::clone(accounts) }))
}

/// Rocket alone, from the folder in which this program lies.
pub fn bare_rocket(accounts: &Arc<Vec<Account>>) -> Outcome<(Running, Target)> {
    let address = free_address()?;
    let mut command = Command::new(env::current_exe()?.with_file_name("bare-rocket"));
    command.env("ROCKET_ADDRESS", address.ip().to_string()).env("ROCKET_PORT", address.port().to_string());
    command.env("ROCKET_LOG_LEVEL", "off");
    let mut running = Running::start(&mut command)?;
    running.until_listening(address)?;
    let fronts = vec![running.id()];
    let processes = fronts.clone();
    Ok((running, Target { kind: Kind::Nchan, address, processes, fronts, accounts: Arc::clone(accounts) }))
}

/// Whether a program is there, also where Debian puts servers.
pub fn installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).any(|folder| folder.join(program).is_file())
}
