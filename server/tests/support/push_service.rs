//! Owns a push service as a browser names one: HTTPS on loopback, which writes down what it is asked.

use super::{certificates, eventually::eventually, request_head::read_head};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    collections::HashMap,
    io::{BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
};

pub(crate) use super::PATIENCE;

/// What somebody asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The first line.
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }
}

#[derive(Debug)]
pub(crate) struct PushService {
    port: u16,
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// How a place answers, by its path: a status and perhaps a header. All others answer 201.
    answers: Arc<Mutex<HashMap<String, String>>>,
}

impl PushService {
    /// Serves until the test ends.
    pub(crate) fn start() -> Self {
        let (certificate, key) = certificates::made("localhost", 1, 30);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("trust.pem"), &certificate).unwrap();
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = Self { port, folder, asked: Arc::default(), answers: Arc::default() };
        let (asked, answers) = (service.asked.clone(), service.answers.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (config, asked, answers) = (config.clone(), asked.clone(), answers.clone());
                thread::spawn(move || answer_all(stream, config, &asked, &answers));
            }
        });
        service
    }

    /// The address of a place on it.
    pub(crate) fn place(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// The certificate by which it is known.
    pub(crate) fn trust(&self) -> PathBuf {
        self.folder.path().join("trust.pem")
    }

    /// From now on this place answers so: a status, and perhaps headers, each with a line break before it.
    pub(crate) fn answers(&self, path: &str, answer: &str) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer.to_owned());
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn until_asked(&self, times: usize) -> Vec<Asked> {
        let look = || async {
            let asked = self.asked();
            if asked.len() >= times { Ok(asked) } else { Err(asked) }
        };
        eventually(&format!("{times} words"), PATIENCE, look).await.unwrap()
    }
}

fn answer_all(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    asked: &Mutex<Vec<Asked>>,
    answers: &Mutex<HashMap<String, String>>,
) {
    let stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let mut reader = BufReader::new(stream);
    while let Some((line, headers)) = read_head(&mut reader) {
        let mut request = Asked { line, headers, body: Vec::new() };
        request.body = vec![0; request.header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut request.body).unwrap();
        let path = request.line.split(' ').nth(1).unwrap();
        let answer = answers.lock().unwrap().get(path).cloned().unwrap_or_else(|| "201 Created".to_owned());
        asked.lock().unwrap().push(request);
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
