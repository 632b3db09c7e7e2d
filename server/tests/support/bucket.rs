//! Owns an S3-compatible store as far as the server uses one: objects of one bucket in memory, on loopback.

use super::request_head::read_head;
use std::{
    collections::BTreeMap,
    io::{BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

pub(crate) const BUCKET: &str = "letters";

/// The objects of the bucket, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bucket {
    objects: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// Every request is answered 503.
    is_down: Arc<AtomicBool>,
}

impl Bucket {
    /// Serves until the test ends. The settings of a server that keeps its files here, under this prefix.
    pub(crate) fn settings(&self, prefix: &str) -> [(&'static str, String); 6] {
        [
            ("ROCKET_FILES_STORE", format!("s3://{BUCKET}/{prefix}")),
            ("AWS_ENDPOINT", format!("http://{}", self.serve())),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "here".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ]
    }

    fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let bucket = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let bucket = bucket.clone();
                thread::spawn(move || bucket.answer_all(&stream));
            }
        });
        address
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }

    /// All of it: the names and the bytes.
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.objects.lock().unwrap().clone()
    }

    pub(crate) fn insert(&self, name: &str, bytes: &[u8]) {
        self.objects.lock().unwrap().insert(name.to_owned(), bytes.to_vec());
    }

    pub(crate) fn is_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    fn answer_all(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some((line, headers)) = read_head(&mut reader) {
            let header = |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
            let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let (status, more, answer) = match header("authorization") {
                Some(signature) if signature.starts_with("AWS4-HMAC-SHA256") => {
                    self.answer(&line, header("range"), body)
                }
                _ => ("403 Forbidden", String::new(), Vec::new()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nETag: \"1\"\r\nLast-Modified: Mon, 01 Jun 2026 12:00:00 GMT\r\n{more}\
                 Content-Length: {}\r\n\r\n",
                answer.len()
            );
            let mut stream = stream;
            if stream.write_all(&[head.as_bytes(), &answer].concat()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, line: &str, range: Option<&str>, body: Vec<u8>) -> (&'static str, String, Vec<u8>) {
        const MISSING: (&str, String, Vec<u8>) = ("404 Not Found", String::new(), Vec::new());
        if self.is_down.load(Ordering::SeqCst) {
            return ("503 Service Unavailable", String::new(), Vec::new());
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let Some(path) = target.strip_prefix(&format!("/{BUCKET}")) else { return MISSING };
        let (name, query) = path.split_once('?').unwrap_or((path, ""));
        let name = name.trim_start_matches('/').to_owned();
        let mut objects = self.objects.lock().unwrap();
        match (method, objects.get(&name)) {
            ("GET", _) if name.is_empty() => ("200 OK", String::new(), list(&objects, query).into_bytes()),
            ("GET", Some(bytes)) => match range {
                None => ("200 OK", String::new(), bytes.clone()),
                Some(range) => {
                    let (begin, end) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                    let begin: usize = begin.parse().unwrap();
                    let end = bytes.len().min(end.parse::<usize>().unwrap() + 1);
                    let range = format!("Content-Range: bytes {begin}-{}/{}\r\n", end - 1, bytes.len());
                    ("206 Partial Content", range, bytes[begin..end].to_vec())
                }
            },
            ("PUT", _) => {
                objects.insert(name, body);
                ("200 OK", String::new(), Vec::new())
            }
            ("DELETE", _) => {
                objects.remove(&name);
                ("204 No Content", String::new(), Vec::new())
            }
            _ => MISSING,
        }
    }
}

fn list(objects: &BTreeMap<String, Vec<u8>>, query: &str) -> String {
    let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default().replace("%2F", "/");
    let found = objects.iter().filter(|(name, _)| name.starts_with(&prefix)).map(|(name, bytes)| {
        format!(
            "<Contents><Key>{name}</Key><LastModified>2026-06-01T12:00:00.000Z</LastModified><ETag>\"1\"</ETag>\
             <Size>{}</Size></Contents>",
            bytes.len()
        )
    });
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>", found.collect::<String>())
}
