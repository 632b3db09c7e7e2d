//! Tera pages and fragments.
//!
//! Owns the templates compiled into the binary and the functions they call: `t(key="…")` for words, `asset(name="…")`
//! for the address of a file, `day(ms=…)` for a date, `… | query` for what stands behind `?`. Knows nothing of routes.

use crate::{
    assets,
    config::Registration,
    words::{Language, Words, WordsError},
};
use cliquet_wire::{address::Address, limits::DEVICES_MAX};
use fluent_bundle::{FluentArgs, FluentValue};
use rocket::http::RawStr;
use serde::Serialize;
use std::{fmt, sync::Arc};
use tera::{Context, Error as TeraError, Kwargs, State, Tera, TeraResult, Value};

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Where the choice of a language comes back to. Pages that are not named here come back to `/`.
const SELF_ADDRESS: &str = "self_address";

/// Every page and fragment, ready to be filled in. Managed by Rocket.
pub struct Pages {
    tera: Tera,
    words: Arc<Words>,
}

/// Why a page was not rendered: a fault of ours. The source names the template's line and holds no data of a user.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("the words do not read")]
    Words(#[from] WordsError),
    #[error("a template does not read or cannot be filled in")]
    Template(#[from] TeraError),
}

impl Pages {
    pub fn load() -> Result<Self, PageError> {
        let words = Arc::new(Words::load()?);
        let mut tera = Tera::new();
        let spoken = Arc::clone(&words);
        tera.register_function("t", move |kwargs: Kwargs, state: &State<'_>| word(&spoken, &kwargs, state));
        let spoken = Arc::clone(&words);
        tera.register_function("day", move |kwargs: Kwargs, state: &State<'_>| {
            let date = Date::of(kwargs.must_get("ms")?);
            let args = [("year", date.year), ("month", date.month), ("day", date.day)].into_iter().collect();
            spoken.fill(language(state), "date", &args).ok_or_else(|| TeraError::message("there is no word date"))
        });
        tera.register_function("asset", |kwargs: Kwargs, _: &State<'_>| {
            Ok::<_, TeraError>(assets::address(kwargs.must_get("name")?))
        });
        tera.register_filter("query", |text: &str, _: Kwargs, _: &State<'_>| {
            RawStr::new(text).percent_encode().to_string()
        });
        tera.add_raw_templates(TEMPLATES.iter().copied())?;
        Ok(Self { tera, words })
    }

    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Fills in a template (`home.html`, `fragments/contacts.html`) with a struct or a map.
    pub fn render(
        &self,
        template: &str,
        language: Language,
        context: &(impl Serialize + ?Sized),
    ) -> Result<String, PageError> {
        let mut context = Context::from_serialize(context)?;
        context.insert("language", language.code());
        if !context.contains_key(SELF_ADDRESS) {
            context.insert(SELF_ADDRESS, "/");
        }
        Ok(self.tera.render(template, &context)?)
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tera.get_template_names()).finish()
    }
}

/// What `sign_in.html` needs.
#[derive(Clone, Debug, Serialize)]
pub struct SignInPage {
    /// Whether a link to sign-up is shown: the server takes new accounts, at least by invite.
    registration_open: bool,
    self_address: &'static str,
}

impl SignInPage {
    pub const TEMPLATE: &str = "sign_in.html";

    pub fn new(registration_open: bool) -> Self {
        Self { registration_open, self_address: "/sign-in" }
    }
}

/// What `sign_up.html` needs.
#[derive(Clone, Debug, Serialize)]
pub struct SignUpPage {
    /// `open`, `invite` or `closed`.
    registration: Registration,
    /// Who is signed in in this browser already.
    signed_in_as: Option<Address>,
    self_address: &'static str,
}

impl SignUpPage {
    pub const TEMPLATE: &str = "sign_up.html";

    /// Where no account can be made, the page says so instead of showing the form.
    pub fn new(registration: Registration, signed_in_as: Option<Address>) -> Self {
        Self { registration, signed_in_as, self_address: "/sign-up" }
    }
}

/// What `recover.html` needs.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct RecoverPage {
    self_address: &'static str,
}

impl RecoverPage {
    pub const TEMPLATE: &str = "recover.html";

    pub fn new() -> Self {
        Self { self_address: "/recover" }
    }
}

/// What `make_room.html` needs.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct MakeRoomPage {
    devices_max: usize,
    self_address: &'static str,
}

impl MakeRoomPage {
    pub const TEMPLATE: &str = "make_room.html";

    pub fn new() -> Self {
        Self { devices_max: DEVICES_MAX, self_address: "/make-room" }
    }
}

fn language(state: &State<'_>) -> Language {
    state.get::<String>("language").ok().flatten().and_then(|code| Language::from_code(&code)).unwrap_or_default()
}

/// A word. It is not marked safe: whatever was filled in is escaped with it.
fn word(words: &Words, kwargs: &Kwargs, state: &State<'_>) -> TeraResult<String> {
    let key = kwargs.must_get::<&str>("key")?;
    let mut args = FluentArgs::new();
    for (name, value) in kwargs.iter() {
        let name = name.to_string();
        if name != "key" {
            args.set(name, argument(value));
        }
    }
    words.fill(language(state), key, &args).ok_or_else(|| TeraError::message(format!("there is no word {key}")))
}

/// Numbers stay numbers, so that plurals are chosen by them.
fn argument(value: &Value) -> FluentValue<'static> {
    match value.as_i64() {
        Some(number) if value.is_number() => FluentValue::from(number),
        _ => FluentValue::from(value.to_string()),
    }
}

/// A day of the Gregorian calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// From milliseconds since 1970. Days are counted from 1 March of year 0, so that the leap day ends a year.
    fn of(ms: i64) -> Self {
        let days = ms.div_euclid(86_400_000) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months_from_march + 2) / 5 + 1;
        let month = if months_from_march < 10 { months_from_march + 3 } else { months_from_march - 9 };
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_read() {
        Pages::load().unwrap();
    }

    #[test]
    fn days_of_the_calendar() {
        for (ms, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400_000, "2000-02-29"),
            (1_709_164_799_999, "2024-02-28"),
            (1_709_251_200_000, "2024-03-01"),
            (4_102_444_800_000, "2100-01-01"),
        ] {
            assert_eq!(Date::of(ms).to_string(), text);
        }
    }
}
