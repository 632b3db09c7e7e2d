//! Times and days as people of the page's language and the browser's region write them (ECMA-402).

use super::{
    locale,
    words::{Word, Words},
};
use crate::browser::platform::timer;
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

/// Formatters, made once: making one costs more than a thousand uses.
#[derive(Debug)]
pub struct Dates {
    time: Function,
    day: Function,
    day_with_year: Function,
    short_day: Function,
    exact: Function,
    /// By [`UNITS`].
    durations: Vec<Function>,
}

/// The units of a duration, with their seconds.
const UNITS: [(&str, u32); 5] = [("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

impl Dates {
    pub fn of_page() -> Self {
        let locales = Array::of1(&locale::of_page().as_str().into());
        let format = |options: &[(&str, &str)]| {
            let object = Object::new();
            for (name, value) in options {
                let _ = Reflect::set(&object, &(*name).into(), &(*value).into());
            }
            Intl::DateTimeFormat::new(&locales, &object).format()
        };
        let in_unit = |(unit, _): &(&str, u32)| {
            let options = Object::new();
            for (name, value) in [("style", "unit"), ("unit", *unit), ("unitDisplay", "long")] {
                let _ = Reflect::set(&options, &name.into(), &value.into());
            }
            Intl::NumberFormat::new(&locales, &options).format()
        };
        Self {
            durations: UNITS.iter().map(in_unit).collect(),
            time: format(&[("timeStyle", "short")]),
            day: format(&[("weekday", "long"), ("day", "numeric"), ("month", "long")]),
            day_with_year: format(&[("day", "numeric"), ("month", "long"), ("year", "numeric")]),
            short_day: format(&[("day", "numeric"), ("month", "short")]),
            exact: format(&[("dateStyle", "short"), ("timeStyle", "short")]),
        }
    }

    /// The time of day.
    pub fn time(&self, ms: u64) -> String {
        formatted(&self.time, ms)
    }

    /// A day in words.
    pub fn day(&self, ms: u64, words: &Words) -> String {
        let now = timer::now_ms();
        let key = self.day_key(ms);
        if key == self.day_key(now) {
            words.get(Word::Today).to_owned()
        } else if key == key_of(&day_before(now)) {
            words.get(Word::Yesterday).to_owned()
        } else if date(ms).get_full_year() == date(now).get_full_year() {
            formatted(&self.day, ms)
        } else {
            formatted(&self.day_with_year, ms)
        }
    }

    /// A duration in words, in the greatest unit of which it is a whole number.
    pub fn duration(&self, seconds: u32) -> String {
        self.in_units(seconds, |seconds, unit| seconds.is_multiple_of(unit))
    }

    /// A duration in words as it passes: in the greatest unit that is not longer, begun ones counted.
    pub fn time_left(&self, seconds: u32) -> String {
        self.in_units(seconds, |seconds, unit| seconds >= unit)
    }

    fn in_units(&self, seconds: u32, fits: impl Fn(u32, u32) -> bool) -> String {
        let found = UNITS.iter().zip(&self.durations).find(|((_, unit), _)| fits(seconds, *unit));
        let text = found.and_then(|((_, unit), format)| {
            format.call1(&JsValue::UNDEFINED, &seconds.div_ceil(*unit).into()).ok()?.as_string()
        });
        text.unwrap_or_default()
    }

    /// For the list: the time today, the day otherwise.
    pub fn short(&self, ms: u64) -> String {
        let today = self.day_key(ms) == self.day_key(timer::now_ms());
        formatted(if today { &self.time } else { &self.short_day }, ms)
    }

    /// Day and time in digits.
    pub fn exact(&self, ms: u64) -> String {
        formatted(&self.exact, ms)
    }

    /// `2026-01-31`, by this computer's calendar.
    pub fn day_key(&self, ms: u64) -> String {
        key_of(&date(ms))
    }

    pub fn iso(&self, ms: u64) -> String {
        String::from(date(ms).to_iso_string())
    }
}

fn key_of(date: &Date) -> String {
    [&digits(date.get_full_year(), 4), "-", &digits(date.get_month() + 1, 2), "-", &digits(date.get_date(), 2)].concat()
}

/// The day before by the calendar: where the clocks change, a day has 23 or 25 hours.
fn day_before(ms: u64) -> Date {
    let today = date(ms);
    today.set_date(today.get_date().wrapping_sub(1));
    today
}

/// With leading zeros.
fn digits(number: u32, length: usize) -> String {
    let digits = number.to_string();
    let mut padded = String::from("0000");
    padded.truncate(length.saturating_sub(digits.len()));
    padded.push_str(&digits);
    padded
}

/// A time that no calendar holds becomes the calendar's last: what others claim must not stop the page.
fn date(ms: u64) -> Date {
    const LAST_MS: u64 = 8_640_000_000_000_000;
    Date::new(&JsValue::from_f64(ms.min(LAST_MS) as f64))
}

fn formatted(format: &Function, ms: u64) -> String {
    format.call1(&JsValue::UNDEFINED, &date(ms)).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
