//! The three questions, asked on a terminal, in a pipe, or not at all.
//!
//! Owns their words, and what is taken for an answer. A question whose option was given is not asked; an answer that cannot
//! be used is said why, and asked for again.

use super::{error::InitError, proxy::Proxy};
use clap::ValueEnum;
use cliquet_server::{config::Registration, public_url::PublicUrl};
use std::io::{BufRead, Write};

/// What is known already is not asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The name under which people open it, such as `chat.example.org`.
    #[arg(long)]
    name: Option<String>,
    /// What stands between it and the network.
    #[arg(long, value_enum)]
    proxy: Option<Proxy>,
    /// Who may open an account: `invite`, `open` or `closed`.
    #[arg(long)]
    registration: Option<String>,
}

/// What the host said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) url: PublicUrl,
    pub(super) proxy: Proxy,
    pub(super) registration: Registration,
}

const NAME: &str = "1. Under which name will people open it? Such as chat.example.org, or localhost to try it here.";
const PROXY: &str = "\
2. What stands between it and the network?
   caddy   Caddy, which fetches its certificate by itself
   nginx   nginx, with a certificate that you have
   other   another proxy
   none    nothing: Cliquet answers on ports 80 and 443 and fetches a certificate from Let's Encrypt
           (you accept its terms: https://letsencrypt.org/repository)";
const REGISTRATION: &str = "\
3. Who may open an account, after you?
   invite  people to whom you give a link
   open    anyone
   closed  nobody";

impl Answers {
    pub(super) fn ask(options: &Options, input: &mut impl BufRead, out: &mut impl Write) -> Result<Self, InitError> {
        let name = ("name", options.name.as_deref());
        let url =
            answer(name, NAME, None, input, out, |text| PublicUrl::of_name(text).map_err(|error| error.to_string()))?;
        let is_here = url.is_local();
        let proxy = match options.proxy {
            Some(proxy) => proxy,
            // Nothing else makes sense of this name.
            None if is_here => Proxy::None,
            None => answer(("proxy", None), PROXY, Some("caddy"), input, out, |text| {
                Proxy::from_str(text, true).map_err(|_| "say caddy, nginx, other or none".to_owned())
            })?,
        };
        let registration = ("registration", options.registration.as_deref());
        let registration = answer(registration, REGISTRATION, Some("invite"), input, out, |text| {
            registration_of(text).ok_or_else(|| "say invite, open or closed".to_owned())
        })?;
        Ok(Self { url, proxy, registration })
    }
}

fn registration_of(text: &str) -> Option<Registration> {
    match text.to_lowercase().as_str() {
        "invite" => Some(Registration::Invite),
        "open" => Some(Registration::Open),
        "closed" => Some(Registration::Closed),
        _ => None,
    }
}

/// The value of an option, or what a person answers.
fn answer<T>(
    (option, given): (&'static str, Option<&str>),
    question: &str,
    default: Option<&str>,
    input: &mut impl BufRead,
    out: &mut impl Write,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, InitError> {
    if let Some(value) = given {
        return read(value).map_err(|why| InitError::Refused { option, value: value.to_owned(), why });
    }
    writeln!(out, "{question}")?;
    loop {
        match default {
            Some(default) => write!(out, "[{default}] > ")?,
            None => write!(out, "> ")?,
        }
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            writeln!(out)?;
            return Err(InitError::NoAnswer(option));
        }
        let text = match (line.trim(), default) {
            ("", Some(default)) => default,
            (text, _) => text,
        };
        match read(text) {
            Ok(value) => {
                writeln!(out)?;
                return Ok(value);
            }
            Err(why) => writeln!(out, "{why}.")?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options { name: None, proxy: None, registration: None }
    }

    fn ask(options: &Options, typed: &str) -> (Result<Answers, InitError>, String) {
        let mut out = Vec::new();
        let answers = Answers::ask(options, &mut typed.as_bytes(), &mut out);
        (answers, String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_typed_is_taken_and_an_empty_line_is_what_most_want() {
        let (answers, said) = ask(&options(), "chat.example.org\n\n\n");
        let url = PublicUrl::of_name("chat.example.org").unwrap();
        assert_eq!(answers.unwrap(), Answers { url, proxy: Proxy::Caddy, registration: Registration::Invite });
        assert_eq!(said.matches(" > ").count() + said.matches("\n> ").count(), 3);
        let (answers, _) = ask(&options(), "https://chat.example.org/\nnginx\nOPEN\n");
        let answers = answers.unwrap();
        assert_eq!((answers.proxy, answers.registration), (Proxy::Nginx, Registration::Open));
        assert_eq!(answers.url.to_string(), "https://chat.example.org");
    }

    #[test]
    fn what_is_no_answer_is_said_and_asked_again() {
        let (answers, _) = ask(&options(), "chat.example.org\nnone\n\n");
        assert_eq!(answers.unwrap().proxy, Proxy::None);
        let (answers, said) = ask(&options(), "\nmy chat\n10.0.0.1\nchat.example.org\napache\nother\nnobody\nclosed\n");
        let answers = answers.unwrap();
        assert_eq!((answers.proxy, answers.registration), (Proxy::Other, Registration::Closed));
        for why in ["say caddy", "say invite", "not an address of numbers"] {
            assert!(said.contains(why), "{why}: {said}");
        }
    }

    #[test]
    fn an_end_of_the_input_names_the_option_instead() {
        for (typed, option) in
            [("", "name"), ("chat.example.org", "proxy"), ("chat.example.org\nnginx\n", "registration")]
        {
            assert!(matches!(ask(&options(), typed).0, Err(InitError::NoAnswer(found)) if found == option), "{typed}");
        }
    }

    #[test]
    fn options_are_not_asked_for_and_are_refused_at_once() {
        let all = Options {
            name: Some("chat.example.org".into()),
            proxy: Some(Proxy::Nginx),
            registration: Some("open".into()),
        };
        let (answers, said) = ask(&all, "");
        assert!(answers.is_ok() && said.is_empty());
        let bad = Options { registration: Some("all".into()), ..all };
        assert!(matches!(ask(&bad, "open\n").0, Err(InitError::Refused { option: "registration", .. })));
    }

    #[test]
    fn who_tries_it_here_is_not_asked_for_a_proxy() {
        let (answers, _) = ask(&options(), "localhost\n\n");
        let answers = answers.unwrap();
        assert_eq!((answers.proxy, answers.url.to_string().as_str()), (Proxy::None, "http://localhost:8000"));
    }
}
