//! The first name of a device: its browser and its system, as far as the owner needs them to tell two devices apart, and
//! no further.

use super::fill::fill;
use cliquet_wire::limits::DEVICE_NAME_CHARS_MAX;

/// The first name of this browser as a device, in the words of the page.
#[cfg(target_arch = "wasm32")]
pub fn of_this_browser() -> String {
    use super::sentences::word;
    let user_agent = web_sys::window().and_then(|window| window.navigator().user_agent().ok()).unwrap_or_default();
    device_name(&word("device-name-of"), &word("device-name"), &user_agent)
}

/// The words of `pattern` with `$browser` and `$system` filled in, or `unknown` when neither is recognised.
pub fn device_name(pattern: &str, unknown: &str, user_agent: &str) -> String {
    let name = match browser_and_system(user_agent) {
        (Some(browser), Some(system)) => fill(&fill(pattern, "browser", browser), "system", system),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => unknown.to_owned(),
    };
    name.chars().take(DEVICE_NAME_CHARS_MAX).collect()
}

/// Browser and system. `None` for one that is not recognised.
fn browser_and_system(user_agent: &str) -> (Option<&'static str>, Option<&'static str>) {
    // In this order: Chrome's text names Safari, Edge's and Opera's name Chrome; Android's names Linux, iOS's Mac OS.
    const BROWSERS: [(&str, &str); 8] = [
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |table: &[(&str, &'static str)]| {
        let names = |mark: &str| user_agent.as_bytes().windows(mark.len()).any(|part| part == mark.as_bytes());
        table.iter().find(|(mark, _)| names(mark)).map(|(_, name)| *name)
    };
    (find(&BROWSERS), find(&SYSTEMS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_after_its_browser_and_system() {
        let name = |user_agent| device_name("$browser on $system", "Browser", user_agent);
        assert_eq!(name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"), "Firefox on Linux");
        assert_eq!(
            name(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0"
            ),
            "Edge on Windows"
        );
        assert_eq!(
            name(
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
            ),
            "Chrome on Android"
        );
        assert_eq!(
            name(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone"
        );
        assert_eq!(name("Lynx"), "Browser");
    }

    #[test]
    fn a_device_name_fits_its_line() {
        assert_eq!(device_name(&"x".repeat(41), "Browser", "Firefox/140 Linux").chars().count(), 40);
        assert_eq!(device_name("", &"x".repeat(40), "Lynx").chars().count(), 40);
    }
}
