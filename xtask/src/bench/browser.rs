//! Owns a page measured in headless Chromium: served on loopback from a folder, its result received by POST.
//! Knows nothing of what is measured.

use crate::problem::Problem;
use crate::project::Project;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A run takes a minute or two on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);
/// What a result may weigh.
const RESULT_BYTES_MAX: usize = 1 << 24;

/// Opens `index.html` of the folder and waits for what the page posts to `result`.
pub(super) fn result_of(project: &Project, folder: &Path) -> Result<String, Problem> {
    let words = |error: std::io::Error| Problem::Words(format!("cannot serve the page: {error}"));
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(words)?;
    listener.set_nonblocking(true).map_err(words)?;
    let port = listener.local_addr().map_err(words)?.port();
    let profile = folder.join("profile");
    let mut browser = start(project, &profile, port)?;
    let result = serve(&listener, folder, &mut browser);
    // Ended by its own handle; its helper processes go with it.
    let _ = browser.kill();
    let _ = browser.wait();
    let _ = fs::remove_dir_all(&profile);
    result
}

fn start(project: &Project, profile: &Path, port: u16) -> Result<Child, Problem> {
    let mut chromium = project.program("chromium");
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    chromium.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    // A page in the background would be slowed down.
    chromium.args(["--disable-renderer-backgrounding", "--disable-background-timer-throttling"]);
    chromium.arg(format!("--user-data-dir={}", profile.display())).arg(format!("http://127.0.0.1:{port}/index.html"));
    chromium.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    chromium.spawn().map_err(|source| Problem::Start { program: "chromium".into(), source })
}

fn serve(listener: &TcpListener, folder: &Path, browser: &mut Child) -> Result<String, Problem> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Ok(Some(result)) = answer(&stream, folder) {
                    return Ok(result);
                }
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
        if !matches!(browser.try_wait(), Ok(None)) {
            return Err(Problem::Words("chromium ended before the page was done".into()));
        }
    }
    Err(Problem::Words("the page in chromium posted no result".into()))
}

/// One request, one answer. The result, if it was that.
fn answer(stream: &TcpStream, folder: &Path) -> std::io::Result<Option<String>> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    if request.starts_with("POST /result ") {
        let mut body = vec![0; length.min(RESULT_BYTES_MAX)];
        reader.read_exact(&mut body)?;
        respond(stream, "204 No Content", "text/plain", &[])?;
        return Ok(Some(String::from_utf8_lossy(&body).into_owned()));
    }
    let name = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let kind = match Path::new(&name).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html",
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    // Only plain names: nothing outside of the folder.
    let content = if name.contains(['/', '\\']) { None } else { fs::read(folder.join(&name)).ok() };
    match content {
        Some(content) => respond(stream, "200 OK", kind, &content)?,
        None => respond(stream, "404 Not Found", "text/plain", &[])?,
    }
    Ok(None)
}

/// Isolated, because only then does the page's clock count in steps of 5 µs instead of 100.
fn respond(mut stream: &TcpStream, status: &str, kind: &str, body: &[u8]) -> std::io::Result<()> {
    let isolation = "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Embedder-Policy: require-corp";
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{isolation}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)
}
