//! The published test vectors, computed by the browser: our arithmetic as WASM, RSASSA-PSS by WebCrypto.
//!
//! The module lies in `target/vectors`, not in the product. A server of three files hands it out on loopback, where
//! browsers show WebCrypto to a page.

use crate::browser::Browser;
use cliquet_vectors::Report;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const PAGE: &str = "<!doctype html><title>vectors</title><script type=module>
import init, { vectors } from './vectors.js';
try {
    await init({ module_or_path: './vectors_bg.wasm' });
    window.report = await vectors();
} catch (error) {
    window.report = 'no report: ' + error;
}
</script>";

struct Module {
    glue: Vec<u8>,
    wasm: Vec<u8>,
}

impl Module {
    fn read() -> Self {
        let file = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/vectors").join(name);
            let advice = "run `cargo xtask vectors` first, which builds it, then again";
            std::fs::read(&path).unwrap_or_else(|error| panic!("the vectors' module {name}: {error}: {advice}"))
        };
        Self { glue: file("vectors.js"), wasm: file("vectors_bg.wasm") }
    }

    /// Answers until the test ends; its port.
    async fn serve(self) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (port, module) = (listener.local_addr().unwrap().port(), Arc::new(self));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let module = module.clone();
                tokio::spawn(async move { module.answer(stream).await });
            }
        });
        port
    }

    /// A browser may open a connection and say nothing, or go: then there is nothing to answer.
    async fn answer(&self, mut stream: TcpStream) -> Option<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).ok()?;
        let (status, kind, body) = match head.split(' ').nth(1)? {
            "/" => ("200 OK", "text/html", PAGE.as_bytes()),
            "/vectors.js" => ("200 OK", "text/javascript", self.glue.as_slice()),
            "/vectors_bg.wasm" => ("200 OK", "application/wasm", self.wasm.as_slice()),
            _ => ("404 Not Found", "text/plain", b"".as_slice()),
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat()).await.ok()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_vector_is_decided_in_the_browser_as_it_is_natively() {
    let module = Module::read();
    let house = tempfile::tempdir().unwrap();
    let browser = Browser::start(house.path(), "vectors", "http://127.0.0.1").await;
    let tab = browser.first_tab().await;
    tab.goto(&format!("http://127.0.0.1:{}/", module.serve().await)).await;
    tab.until("the vectors' report", "window.report", vec![]).await;
    let report = tab.ask("window.report", vec![]).await;
    let report = report.as_str().unwrap();
    let in_browser: Vec<Report> = serde_json::from_str(report).unwrap_or_else(|_| panic!("{report}"));

    let words = cliquet_vectors::words(&in_browser);
    write!(std::io::stdout().lock(), "\nPublished vectors, in the browser:\n{words}").unwrap();
    if let Err(why) = cliquet_vectors::check(&in_browser) {
        panic!("{why}");
    }
    // Not only as many: each class of cases decided as natively, for the same reason.
    assert_eq!(in_browser, cliquet_vectors::native::all());
}
