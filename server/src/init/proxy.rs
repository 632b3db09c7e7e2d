//! What the host has to give to a proxy.
//!
//! The configurations are those of the documentation, which a test tries with the real programs.

use cliquet_server::public_url::{NAME_IN_EXAMPLES, PublicUrl};
use std::io::{self, Write};

const NGINX: &str = include_str!("../../../docs/nginx.conf");
const CADDY: &str = include_str!("../../../docs/Caddyfile");
const OTHER: &str = "\
Let your proxy serve {url} and hand everything on to http://127.0.0.1:8000. It has to
- pass the host and the port of the request on as `Host`;
- write the visitor's address into `X-Real-IP`, over whatever the visitor wrote there;
- allow an answer to take 75 seconds, and a request to have 5 MiB;
- keep no log of the paths, which say with whom somebody talks.
";

const ALONE: &str = "\
Let {name} lead to this machine, and let ports 80 and 443 through its firewall. At its first start the server fetches a
certificate, which takes a minute; it renews it by itself.
";

/// What stands between the server and the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Proxy {
    Caddy,
    Nginx,
    Other,
    /// The server speaks HTTPS itself; or, under the name localhost, only browsers on this machine open it.
    None,
}

impl Proxy {
    /// Prints what it needs.
    pub(super) fn say(self, url: &PublicUrl, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Caddy => {
                writeln!(out, "\nFor Caddy, in /etc/caddy/Caddyfile, and then `systemctl reload caddy`:\n")?;
                quote(&of(CADDY, url), out)
            }
            Self::Nginx => {
                writeln!(out, "\nFor nginx, in /etc/nginx/conf.d/cliquet.conf, and then `systemctl reload nginx`:\n")?;
                quote(&of(NGINX, url), out)
            }
            Self::Other => {
                writeln!(out)?;
                out.write_all(OTHER.replace("{url}", &url.to_string()).as_bytes())
            }
            Self::None if url.is_local() => Ok(()),
            Self::None => {
                writeln!(out)?;
                out.write_all(ALONE.replace("{name}", url.host()).as_bytes())
            }
        }
    }
}

/// Without the comment above it, which says where it belongs.
fn of(configuration: &str, url: &PublicUrl) -> String {
    let rest = configuration.split_once('\n').map_or(configuration, |(_, rest)| rest);
    rest.replace(NAME_IN_EXAMPLES, url.host())
}

fn quote(text: &str, out: &mut impl Write) -> io::Result<()> {
    text.lines().try_for_each(|line| match line {
        "" => writeln!(out),
        line => writeln!(out, "    {line}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_for_the_name_that_was_given() {
        let url = PublicUrl::of_name("letters.example.com").unwrap();
        for (proxy, wanted) in [
            (Proxy::Caddy, "    letters.example.com {\n"),
            (Proxy::Nginx, "server_name letters.example.com;"),
            (Proxy::Other, "serve https://letters.example.com and"),
            (Proxy::None, "Let letters.example.com lead to this machine"),
        ] {
            let mut out = Vec::new();
            proxy.say(&url, &mut out).unwrap();
            let said = String::from_utf8(out).unwrap();
            assert!(said.contains(wanted) && !said.contains(NAME_IN_EXAMPLES), "{said}");
            assert!(!said.contains("hange the name"), "it is changed: {said}");
        }
    }

    #[test]
    fn the_proxy_of_the_compose_file_is_the_one_of_the_guide() {
        let lines = |text: &str| {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let compose = include_str!("../../../packaging/compose.yaml");
        let caddy = compose.split_once("content: |").and_then(|(_, rest)| rest.split_once("\nvolumes:")).unwrap().0;
        assert_eq!(lines(caddy), lines(&CADDY.replace("127.0.0.1:8000", "cliquet:8000")));
    }
}
