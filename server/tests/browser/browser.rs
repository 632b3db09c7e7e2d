//! Owns one browser with a profile of its own, driven over WebDriver. Knows nothing of Cliquet's pages.

use crate::engine::Engine;
use crate::eventually::{PATIENCE, eventually};
use crate::support::ports::{free_port, until_listening};
use crate::support::process::{self, Process};
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::cookies::Cookie;
use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, Locator, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use url::{ParseError, Url};

/// What a browser without the protocol forgets is deleted by the page: databases, caches, workers, and small texts.
const FORGET: &str = "const done = arguments[0];
    const gone = request => new Promise((resolve, reject) => {
        request.onsuccess = resolve;
        request.onerror = request.onblocked = () => reject(new Error('not deleted'));
    });
    (async () => {
        for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
        for (const name of await caches.keys()) await caches.delete(name);
        for (const { name } of await indexedDB.databases()) await gone(indexedDB.deleteDatabase(name));
        localStorage.clear();
        sessionStorage.clear();
        return 'all of it';
    })().then(done, error => done(String(error)));";

/// `None`: one that is gone, or not known.
type Front = Arc<Mutex<Option<WindowHandle>>>;

#[derive(Debug)]
pub(crate) struct Browser {
    client: Client,
    engine: Engine,
    /// The tab that the driver speaks to.
    front: Front,
    /// Its main process, for as long as it runs.
    process: Option<i32>,
    // Ends after the browser, which `drop` kills.
    _driver: Process,
}

impl Browser {
    /// `house/NAME` holds the profile and the log. `address` is where the server listens; see [`Engine::seen`].
    pub(crate) async fn start(house: &Path, name: &str, address: &str) -> Self {
        Self::start_in(house, name, address, "en-GB").await
    }

    pub(crate) async fn start_in(house: &Path, name: &str, address: &str, language: &str) -> Self {
        let house = house.join(name);
        std::fs::create_dir_all(&house).unwrap();
        let engine = Engine::chosen();
        let (port, log) = (free_port(), house.join("driver.log"));
        let mut driver = Process::start(&mut engine.driver(&house, port, language), &log);
        until_listening(&mut driver, port, &log);
        let Value::Object(capabilities) = engine.capabilities(&house, language, address) else { unreachable!() };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(Capabilities::from_iter(capabilities))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| {
                panic!("no {engine:?} for {name}: {error}\n{}", std::fs::read_to_string(&log).unwrap())
            });
        let process = Some(engine.process(&client, &driver));
        Self { client, engine, front: Front::default(), process, _driver: driver }
    }

    /// The tab that the browser opened with. Somebody sits in front of it: it has the keyboard. Without a screen it depends
    /// on the version whether Chromium gives it to a page that was not clicked yet.
    pub(crate) async fn first_tab(&self) -> Tab {
        let tab = self.tab(self.client.window().await.unwrap());
        if self.engine == Engine::Chromium {
            tab.devtools("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
        }
        tab
    }

    /// Ends it as people do: what it has not written yet is written.
    pub(crate) async fn close(&mut self) {
        self.client.clone().close().await.unwrap();
        self.process = None;
    }

    /// Ends it as a power cut would, but for what the operating system still writes.
    pub(crate) fn kill(&mut self) {
        let Some(process) = self.process.take() else { return };
        process::kill(process);
        // A zombie of the driver's, until that ends, too.
        let state = || std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        while !state().is_empty() && !state().contains(") Z ") {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) async fn new_tab(&self) -> Tab {
        let window = self.client.new_window(true).await.unwrap().handle;
        self.tab(window)
    }

    fn tab(&self, window: WindowHandle) -> Tab {
        Tab { client: self.client.clone(), engine: self.engine, front: Arc::clone(&self.front), window }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(process) = self.process {
            process::kill(process);
        }
    }
}

/// One page of a browser.
#[derive(Debug)]
pub(crate) struct Tab {
    client: Client,
    engine: Engine,
    front: Front,
    window: WindowHandle,
}

impl Tab {
    async fn front(&self) -> &Client {
        // Half of all that the driver is asked would be this.
        let mut front = self.front.lock().await;
        if front.as_ref() != Some(&self.window) {
            self.client.switch_to_window(self.window.clone()).await.unwrap();
            *front = Some(self.window.clone());
        }
        &self.client
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.front().await.goto(url).await.unwrap();
    }

    /// The browser's own button.
    pub(crate) async fn back(&self) {
        self.front().await.back().await.unwrap();
    }

    /// As by F5. Drivers have a command for it: Firefox's reloads as with Shift, past the service worker, and Chromium's gives
    /// up now and then on a busy machine.
    pub(crate) async fn reload(&self) {
        self.ask("window.before = true, location.reload()", vec![]).await;
        self.until("the page again", "!window.before && document.readyState === 'complete'", vec![]).await;
    }

    pub(crate) async fn close(self) {
        self.front().await.close_window().await.unwrap();
        *self.front.lock().await = None;
    }

    /// Its process ends, and the tab stays behind as a sad face; in the others, whose drivers cannot, the page just goes.
    /// The driver may or may not have an answer to that.
    pub(crate) async fn crash(&self) {
        *self.front.lock().await = None;
        let crash = async {
            self.client.switch_to_window(self.window.clone()).await?;
            match self.engine {
                Engine::Chromium => {
                    let body = json!({ "cmd": "Page.crash", "params": {} });
                    self.client.issue_cmd(Driver { path: "goog/cdp/execute", body }).await.map(drop)
                }
                Engine::Firefox | Engine::WebKit => self.client.goto("about:blank").await,
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), crash).await;
    }

    pub(crate) async fn path(&self) -> String {
        self.front().await.current_url().await.unwrap().path().to_owned()
    }

    /// The value of an expression over `a`, the arguments. A page that is just being replaced answers null.
    pub(crate) async fn ask(&self, expression: &str, arguments: Vec<Value>) -> Value {
        let script = format!("const a = arguments; return ({expression});");
        self.front().await.execute(&script, arguments).await.unwrap_or(Value::Null)
    }

    /// Waits until the expression, or what it promises, is truthy.
    pub(crate) async fn until(&self, what: &str, expression: &str, arguments: Vec<Value>) {
        let whole = format!("Promise.resolve({expression}).then(value => !!value)");
        let look = async || match self.ask(&whole, arguments.clone()).await {
            Value::Bool(true) => Ok(()),
            other => Err(other),
        };
        if let Err(waited) = eventually(what, PATIENCE, look).await {
            self.fail(&waited).await;
        }
    }

    /// Waits until the service worker keeps the eight pages that home is made of.
    pub(crate) async fn until_pages_are_kept(&self) {
        let kept = "caches.has('pages').then(has => has && caches.open('pages')).then(c => c && c.keys()).then(k => k?.length === 8)";
        self.until("the worker to keep the pages", kept, vec![]).await;
    }

    pub(crate) async fn until_shown(&self, selector: &str) {
        let visible = "(e => e && e.getClientRects().length > 0)(document.querySelector(a[0]))";
        self.until(&format!("{selector} to be shown"), visible, vec![selector.into()]).await;
    }

    pub(crate) async fn click(&self, selector: &str) {
        // A line may be laid out again between the look and the press: then the new one is meant.
        let press = async || match self.shown(selector).await.click().await {
            Err(error) if error.is_stale_element_reference() => Err(error),
            done => Ok(done),
        };
        match eventually(&format!("{selector} to stay"), PATIENCE, press).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.fail(&format!("cannot click {selector}: {error}")).await,
            Err(waited) => self.fail(&waited).await,
        }
    }

    /// The element, once it is shown.
    async fn shown(&self, selector: &str) -> Element {
        self.until_shown(selector).await;
        self.find(selector).await
    }

    async fn find(&self, selector: &str) -> Element {
        let find = async || self.front().await.find(Locator::Css(selector)).await;
        match eventually(&format!("{selector} to be there"), PATIENCE, find).await {
            Ok(element) => element,
            Err(waited) => self.fail(&waited).await,
        }
    }

    /// Presses the mouse at one place of the window, and lets it go at another.
    pub(crate) async fn drag(&self, from: (i64, i64), to: (i64, i64)) {
        // As a hand does, by way of what is between.
        let duration = Some(Duration::from_millis(400));
        let move_to = |(x, y): (i64, i64)| PointerAction::MoveTo { duration, x: x as f64, y: y as f64 };
        let mouse = MouseActions::new("mouse".to_owned())
            .then(move_to(from))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(move_to(to))
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.front().await.perform_actions(mouse).await.unwrap();
    }

    /// Types with real key events; `\n` is the Enter key. Some drivers have no keys for what lies beyond the Basic
    /// Multilingual Plane, such as emoji: that is inserted, as an input method does.
    pub(crate) async fn write(&self, selector: &str, text: &str) {
        let element = self.shown(selector).await;
        let has_key = |character: &char| character.len_utf16() == 1;
        let characters: Vec<char> = text.replace('\n', "\u{e007}").chars().collect();
        for run in characters.chunk_by(|one, next| has_key(one) == has_key(next)) {
            let part: String = run.iter().collect();
            if run.first().is_some_and(|first| !has_key(first)) {
                self.insert(selector, &part).await;
            } else if let Err(error) = element.send_keys(&part).await {
                self.fail(&format!("cannot write into {selector}: {error}")).await;
            }
        }
    }

    /// Chooses a file for an input that need not be in sight.
    pub(crate) async fn choose_file(&self, selector: &str, path: &str) {
        self.find(selector).await.send_keys(path).await.unwrap();
    }

    /// Fills a field as a password manager does: all of the text at once.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        self.until_shown(selector).await;
        self.insert(selector, text).await;
    }

    /// Puts a text where the field's cursor is.
    async fn insert(&self, selector: &str, text: &str) {
        self.ask("document.querySelector(a[0]).focus()", vec![selector.into()]).await;
        match self.engine {
            Engine::Chromium => drop(self.devtools("Input.insertText", json!({ "text": text })).await),
            Engine::Firefox | Engine::WebKit => {
                self.ask("document.execCommand('insertText', false, a[0])", vec![text.into()]).await;
            }
        }
    }

    /// The cookies of the site that the page is of.
    pub(crate) async fn forget_cookies(&self) {
        self.front().await.delete_all_cookies().await.unwrap();
    }

    /// Their names.
    pub(crate) async fn cookies(&self) -> Vec<String> {
        let cookies = self.front().await.get_all_cookies().await.unwrap();
        cookies.iter().map(|cookie| cookie.name().to_owned()).collect()
    }

    pub(crate) async fn cookie(&self, name: &str) -> Cookie<'static> {
        self.front().await.get_named_cookie(name).await.unwrap()
    }

    /// All that the browser stores for the page's site; for cookies see [`Tab::forget_cookies`]. The page itself must keep
    /// nothing open.
    pub(crate) async fn forget_site(&self, origin: &str) {
        match self.engine {
            Engine::Chromium => {
                let all = json!({ "origin": origin, "storageTypes": "all" });
                self.devtools("Storage.clearDataForOrigin", all).await;
            }
            Engine::Firefox | Engine::WebKit => {
                let deleted = self.front().await.execute_async(FORGET, vec![]).await.unwrap();
                assert_eq!(deleted, "all of it");
            }
        }
    }

    /// The Chrome DevTools Protocol, for what people do with their browser's own buttons.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        assert_eq!(self.engine, Engine::Chromium, "{command} is Chromium's alone");
        let body = json!({ "cmd": command, "params": parameters });
        let command = Driver { path: "goog/cdp/execute", body };
        self.front().await.issue_cmd(command).await.unwrap()
    }

    /// Whether pictures can be taken of it, at any width and in any theme: what needs Chromium's protocol.
    pub(crate) fn has_devtools(&self) -> bool {
        self.engine == Engine::Chromium
    }

    /// Has a script run in every page, before anything of the page's own. In Firefox this takes an extension.
    pub(crate) async fn before_each_page(&self, script: &str) {
        match self.engine {
            Engine::Chromium => {
                self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
            }
            Engine::Firefox => {
                let profile =
                    self.client.capabilities().and_then(|all| all.get("moz:profile")?.as_str().map(Path::new));
                let extension =
                    tempfile::Builder::new().prefix("extension").tempdir_in(profile.unwrap()).unwrap().keep();
                let manifest = json!({
                    "manifest_version": 2,
                    "name": "before each page",
                    "version": "1",
                    "content_scripts": [{
                        "matches": ["<all_urls>"], "js": ["script.js"], "run_at": "document_start", "world": "MAIN",
                    }],
                });
                // What a script declares is its own, as it is in Chromium.
                std::fs::write(extension.join("script.js"), format!("{{ {script} }}")).unwrap();
                std::fs::write(extension.join("manifest.json"), manifest.to_string()).unwrap();
                let body = json!({ "path": extension, "temporary": true });
                let command = Driver { path: "moz/addon/install", body };
                self.front().await.issue_cmd(command).await.unwrap();
            }
            Engine::WebKit => panic!("WebKit's driver runs nothing before a page"),
        }
    }

    /// What a person would answer when the page asks for a permission (W3C Permissions, automation).
    pub(crate) async fn set_permission(&self, name: &str, state: &str) {
        let body = json!({ "descriptor": { "name": name }, "state": state });
        self.front().await.issue_cmd(Driver { path: "permissions", body }).await.unwrap();
    }

    /// Gives the page another size. Other windows than Chromium's have a least width, which is some 450 pixels.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        if self.has_devtools() {
            let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
            self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
            return;
        }
        let around = self.ask("[outerWidth - innerWidth, outerHeight - innerHeight]", vec![]).await;
        let [more_width, more_height]: [u32; 2] = serde_json::from_value(around).unwrap();
        self.front().await.set_window_size(width + more_width, height + more_height).await.unwrap();
    }

    /// What the browser wrote to its console since it was last asked.
    pub(crate) async fn console(&self) -> Vec<String> {
        if self.engine != Engine::Chromium {
            // The others' drivers have no such command.
            return Vec::new();
        }
        let command = Driver { path: "se/log", body: json!({ "type": "browser" }) };
        let entries = self.front().await.issue_cmd(command).await.unwrap();
        let message = |entry: &Value| entry.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        entries.as_array().map(|entries| entries.iter().map(message).collect()).unwrap_or_default()
    }

    /// How long the main thread has been at work for this page, from its beginning or the first time of asking. Only Chromium
    /// says so.
    pub(crate) async fn busy(&self) -> Duration {
        if !self.has_devtools() {
            return Duration::ZERO;
        }
        self.devtools("Performance.enable", json!({})).await;
        let all = self.devtools("Performance.getMetrics", json!({})).await;
        let metric =
            all["metrics"].as_array().and_then(|all| all.iter().find(|metric| metric["name"] == "TaskDuration"));
        Duration::from_secs_f64(metric.and_then(|metric| metric["value"].as_f64()).unwrap_or_default())
    }

    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        self.front().await.screenshot().await.unwrap()
    }

    /// Ends the test with what a person in front of the screen would see.
    pub(crate) async fn fail(&self, why: &str) -> ! {
        let seen = self.ask("document.body && document.body.innerText.slice(0, 1500)", vec![]).await;
        let status = self
            .ask("(e => e && e.dataset.state + ': ' + e.textContent)(document.querySelector('#status'))", vec![])
            .await;
        let url = self.client.current_url().await.map(|url| url.to_string()).unwrap_or_default();
        let console = self.console().await.join("\n  ");
        // The thread has the test's name.
        let test = std::thread::current().name().unwrap_or("a test").replace("::", "-");
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.png"));
        let _ = std::fs::write(&picture, self.screenshot().await);
        let seen = seen.as_str().unwrap_or_default();
        let picture = picture.display();
        panic!("{why}\nat {url}\nstatus {status}\npicture {picture}\nconsole:\n  {console}\npage:\n{seen}")
    }
}

/// A command of chromedriver's own.
#[derive(Debug)]
struct Driver {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Driver {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
