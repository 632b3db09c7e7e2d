//! When something was: as a date, or as how long ago (ECMA-402), in the page's language
//! and the browser's region.

use super::locale;
use crate::browser::platform::timer;
use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

const MINUTE_MS: f64 = 60_000.0;
const HOUR_MS: f64 = 60.0 * MINUTE_MS;
const DAY_MS: f64 = 24.0 * HOUR_MS;
/// A time that no calendar holds becomes the calendar's last.
const LAST_MS: u64 = 8_640_000_000_000_000;

/// Formatters, made once.
#[derive(Debug)]
pub struct RelativeTime {
    exact: Function,
    ago: Intl::RelativeTimeFormat,
}

impl RelativeTime {
    pub fn of_page() -> Self {
        let locales = Array::of1(&locale::of_page().as_str().into());
        let exact = options(&[("dateStyle", "medium"), ("timeStyle", "short")]);
        Self {
            exact: Intl::DateTimeFormat::new(&locales, &exact).format(),
            ago: Intl::RelativeTimeFormat::new(&locales, &options(&[("numeric", "auto")])),
        }
    }

    /// Day and time.
    pub fn exact(&self, ms: u64) -> String {
        let text = self.exact.call1(&JsValue::UNDEFINED, &date(ms)).ok();
        text.and_then(|text| text.as_string()).unwrap_or_default()
    }

    /// For machines.
    pub fn iso(&self, ms: u64) -> String {
        String::from(date(ms).to_iso_string())
    }

    /// In minutes, hours or days. Two clocks may differ: nothing lies in the future.
    pub fn ago(&self, ms: u64) -> String {
        let past = timer::now_ms().saturating_sub(ms) as f64;
        let (count, unit) = if past < HOUR_MS {
            (past / MINUTE_MS, "minute")
        } else if past < DAY_MS {
            (past / HOUR_MS, "hour")
        } else {
            (past / DAY_MS, "day")
        };
        // Less than a minute ago is "this minute".
        String::from(self.ago.format(-count.floor(), unit))
    }
}

fn options(options: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (name, value) in options {
        let _ = Reflect::set(&object, &(*name).into(), &(*value).into());
    }
    object
}

fn date(ms: u64) -> Date {
    Date::new(&JsValue::from_f64(ms.min(LAST_MS) as f64))
}
