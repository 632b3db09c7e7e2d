//! Owns nginx and Caddy as the self-hosting guide configures them: the files under `docs/`, changed only where they name
//! this machine (ports, certificate).

use super::ports::{free_port, until_listening};
use super::process::Process;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The name in both files.
pub(crate) const NAME: &str = "chat.example.org";

#[derive(Debug)]
pub(crate) struct ReverseProxy {
    _process: Process,
    port: u16,
}

impl ReverseProxy {
    pub(crate) fn nginx(house: &Path, server: u16) -> Self {
        Self::nginx_with(house, server, &[])
    }

    /// With these words of the guide replaced.
    pub(crate) fn nginx_with(house: &Path, server: u16, changes: &[(&str, &str)]) -> Self {
        Self::nginx_certified(house, server, changes, certificate)
    }

    /// With a certificate that ran out.
    pub(crate) fn nginx_of_yesterday(house: &Path, server: u16) -> Self {
        Self::nginx_certified(house, server, &[], expired_certificate)
    }

    fn nginx_certified(house: &Path, server: u16, changes: &[(&str, &str)], certify: fn(&Path)) -> Self {
        let (house, port) = (house.join("nginx"), free_port());
        fs::create_dir_all(&house).unwrap();
        certify(&house);
        let mut site = changed(
            "nginx.conf",
            &[
                ("    listen 443 ssl http2;", &format!("    listen 127.0.0.1:{port} ssl http2;")),
                ("    listen [::]:443 ssl http2;\n", ""),
                ("/etc/letsencrypt/live/chat.example.org/fullchain.pem", &house.join("cert.pem").display().to_string()),
                ("/etc/letsencrypt/live/chat.example.org/privkey.pem", &house.join("key.pem").display().to_string()),
                ("http://127.0.0.1:8000", &format!("http://127.0.0.1:{server}")),
            ],
        );
        for (from, to) in changes {
            assert!(site.contains(from), "docs/nginx.conf no longer says {from:?}");
            site = site.replace(from, to);
        }
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {}/{kind};", house.display()))
            .join("\n");
        let around =
            format!("pid {}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}\n{site}}}\n", house.display());
        let configuration = house.join("nginx.conf");
        fs::write(&configuration, around).unwrap();
        let mut command = Command::new(found("nginx"));
        command.arg("-p").arg(&house).arg("-c").arg(&configuration).args(["-e", "stderr"]);
        command.args(["-g", "daemon off; master_process off;"]);
        Self::start(&mut command, port, &house)
    }

    pub(crate) fn caddy(house: &Path, server: u16) -> Self {
        let (house, port) = (house.join("caddy"), free_port());
        fs::create_dir_all(&house).unwrap();
        // The certificate is Caddy's own: nobody else gives one to this name.
        let site = changed(
            "Caddyfile",
            &[
                ("chat.example.org {", &format!("chat.example.org:{port} {{\n\ttls internal")),
                ("127.0.0.1:8000", &format!("127.0.0.1:{server}")),
            ],
        );
        let global =
            "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n}\n";
        let configuration = house.join("Caddyfile");
        fs::write(&configuration, format!("{global}{site}")).unwrap();
        let mut command = Command::new(found("caddy"));
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&configuration);
        command.env("HOME", &house).env("XDG_DATA_HOME", &house).env("XDG_CONFIG_HOME", &house);
        Self::start(&mut command, port, &house)
    }

    fn start(command: &mut Command, port: u16, house: &Path) -> Self {
        let log = house.join("log");
        let mut process = Process::start(command, &log);
        until_listening(&mut process, port, &log);
        Self { _process: process, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{NAME}:{}", self.port)
    }
}

/// The shipped file with these words replaced; each must be there, or the guide has changed under the test.
fn changed(file: &str, changes: &[(&str, &str)]) -> String {
    let mut text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file)).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "docs/{file} no longer says {from:?}");
        text = text.replace(from, to);
    }
    text
}

fn certificate(house: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.current_dir(house).args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    openssl
        .args(["-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj"])
        .arg(format!("/CN={NAME}"));
    // What may certify others is not taken for a server's own, however trusted.
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl.arg("-addext").arg(format!("subjectAltName=DNS:{NAME}"));
    run(&mut openssl);
}

fn expired_certificate(house: &Path) {
    let authority = "[ca]\ndefault_ca=here\n[here]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n\
        policy=any\nx509_extensions=names\nrand_serial=yes\n[any]\ncommonName=supplied\n[names]\nbasicConstraints=critical,CA:FALSE\n";
    fs::write(house.join("authority"), format!("{authority}subjectAltName=DNS:{NAME}\n")).unwrap();
    fs::write(house.join("index"), "").unwrap();
    let openssl = || {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(house);
        openssl
    };
    let subject = format!("/CN={NAME}");
    run(openssl().args(["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]).args([
        "-keyout",
        "key.pem",
        "-out",
        "request.pem",
        "-subj",
        &subject,
    ]));
    run(openssl().args(["ca", "-selfsign", "-batch", "-notext", "-config", "authority", "-keyfile", "key.pem"]).args(
        ["-in", "request.pem", "-out", "cert.pem", "-startdate", "20250101000000Z", "-enddate", "20250102000000Z"],
    ));
}

fn run(openssl: &mut Command) {
    let output = openssl.output().expect("openssl; `cargo xtask test` brings it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Debian keeps servers where an ordinary user's PATH does not look.
fn found(program: &str) -> String {
    let there = format!("/usr/sbin/{program}");
    if Path::new(&there).exists() { there } else { program.to_owned() }
}
