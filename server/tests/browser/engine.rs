//! Owns what differs between the browsers: their drivers, and how one of them is started. Knows nothing of pages.

use crate::support::process::Process;
use fantoccini::Client;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which browser people use in this run: `CLIQUET_BROWSER`, else Chromium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Chromium,
    Firefox,
    /// WebKitGTK's own small browser; it needs a display, such as `xvfb-run` makes.
    WebKit,
}

const CHROMIUM_ARGUMENTS: [&str; 18] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-component-extensions-with-background-pages",
    "--no-default-browser-check",
    "--no-zygote",
    // The list under its address bar is a page of its own, loaded at each start: a fifth of a short test's work. So is the
    // process that waits for the next site, of which there is none here.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxFullPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess,\
     MediaRouter,OptimizationHints,Translate",
    "--window-size=1200,900",
    // A microphone that hears beeps, and no camera.
    "--use-fake-device-for-media-stream=device-count=0",
    // For the certificate that a test makes.
    "--ignore-certificate-errors",
];

/// How addresses of a server on this machine begin.
const LOCAL: &str = "http://localhost:";

impl Engine {
    pub(crate) fn chosen() -> Self {
        match std::env::var("CLIQUET_BROWSER").as_deref() {
            Err(_) | Ok("chromium") => Self::Chromium,
            Ok("firefox") => Self::Firefox,
            Ok("webkit") => Self::WebKit,
            Ok(other) => panic!("CLIQUET_BROWSER is {other}: chromium, firefox or webkit"),
        }
    }

    /// The driver's command; what it and its browser write goes into `house`.
    pub(crate) fn driver(self, house: &Path, port: u16, language: &str) -> Command {
        let mut command = Command::new(match self {
            Self::Chromium => "chromedriver",
            Self::Firefox => "geckodriver",
            Self::WebKit => "WebKitWebDriver",
        });
        command.arg(format!("--port={port}")).env("LANGUAGE", language);
        if self == Self::WebKit {
            command.env("HOME", house).env("XDG_DATA_HOME", house).env("XDG_CACHE_HOME", house.join("cache"));
        }
        command
    }

    /// Where a browser sees a server that listens at this address. What a page stores belongs to its port too: Chromium is
    /// made to believe that every server has the usual one, and goes on with the profile of another server's guest.
    pub(crate) fn seen(self, address: &str) -> String {
        let seen = if self.sees_usual_port() && address.starts_with(LOCAL) { "http://localhost" } else { address };
        seen.trim_end_matches('/').to_owned()
    }

    pub(crate) fn sees_usual_port(self) -> bool {
        self == Self::Chromium
    }

    /// For a browser in front of the server at this address.
    pub(crate) fn capabilities(self, house: &Path, language: &str, address: &str) -> Value {
        let profile = house.join("profile");
        match self {
            Self::Chromium => {
                let mut arguments: Vec<String> = CHROMIUM_ARGUMENTS.map(str::to_owned).into();
                arguments.push(format!("--user-data-dir={}", profile.display()));
                arguments.push(format!("--accept-lang={language}"));
                arguments.push(format!("--host-resolver-rules={}", resolver_rules(address)));
                let mut options = json!({ "args": arguments });
                if Path::new("/usr/bin/chromium").exists() {
                    options["binary"] = "/usr/bin/chromium".into();
                }
                json!({
                    "browserName": "chrome",
                    "goog:chromeOptions": options,
                    "goog:loggingPrefs": { "browser": "ALL" },
                })
            }
            Self::Firefox => {
                fs::create_dir_all(&profile).unwrap();
                let preferences = json!({
                    "intl.accept_languages": language,
                    "network.http.http3.enable": false,
                    "network.dns.localDomains": "chat.example.org",
                });
                let arguments = json!(["-headless", "-profile", profile, "--width=1200", "--height=900"]);
                json!({
                    "browserName": "firefox",
                    "acceptInsecureCerts": true,
                    "moz:firefoxOptions": { "args": arguments, "prefs": preferences },
                })
            }
            Self::WebKit => json!({
                "browserName": "MiniBrowser",
                "acceptInsecureCerts": true,
                "webkitgtk:browserOptions": { "binary": mini_browser(), "args": ["--automation"] },
            }),
        }
    }

    /// The main process of the browser that the driver started.
    pub(crate) fn process(self, client: &Client, driver: &Process) -> i32 {
        let said = |name| client.capabilities()?.get(name)?.as_i64().and_then(|id| i32::try_from(id).ok());
        let found = match self {
            Self::Chromium => said("goog:processID"),
            Self::Firefox => said("moz:processID"),
            Self::WebKit => driver.child(),
        };
        found.expect("the driver has started a process")
    }
}

/// Of Chromium: the name in the self-hosting guide, and the port that [`Engine::seen`] leaves out.
fn resolver_rules(address: &str) -> String {
    let guide = "MAP chat.example.org 127.0.0.1";
    match address.strip_prefix(LOCAL) {
        Some(port) => format!("{guide}, MAP localhost:80 127.0.0.1:{}", port.trim_end_matches('/')),
        None => guide.to_owned(),
    }
}

/// Where Debian has it: beside the library, under the machine's name.
fn mini_browser() -> PathBuf {
    let libraries = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut found = libraries.map(|library| library.path().join("webkit2gtk-4.1/MiniBrowser"));
    found.find(|path| path.exists()).expect("WebKitGTK's MiniBrowser is installed (Debian: webkit2gtk-driver)")
}
