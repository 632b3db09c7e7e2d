//! Owns how a page is looked at: wide, on a phone, on the narrowest screen, in both themes. axe-core looks too, and where
//! `CLIQUET_PICTURES` is set, pictures go to `target/pictures` for people to look at.

use crate::axe;
use crate::browser::Tab;
use serde_json::json;
use std::fs;
use std::path::PathBuf;

/// The narrowest screen that WCAG 2.2 (success criterion 1.4.10) asks for.
const NARROWEST: u32 = 320;
const PHONE: (u32, u32) = (390, 844);
const WIDE: (u32, u32) = (1280, 800);

/// One page, six ways; none may need to be moved sideways. Without Chromium's protocol it is looked at as it is.
pub(crate) async fn show(tab: &Tab, name: &str) {
    if !tab.has_devtools() {
        return check_width(tab, name).await;
    }
    for ((width, height), suffix) in [(WIDE, "wide"), (PHONE, "phone"), ((NARROWEST, 640), "narrow")] {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        tab.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        for (theme, suffix) in [("light", suffix.to_owned()), ("dark", format!("{suffix}-dark"))] {
            // Without motion, or a picture may catch a colour half way.
            let still = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
            let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }, still] });
            tab.devtools("Emulation.setEmulatedMedia", features).await;
            check_width(tab, &format!("{name}-{suffix}")).await;
            // Contrast depends on the theme, and what is there on the width.
            if width == WIDE.0 || (width == PHONE.0 && theme == "light") {
                axe::check(tab, &format!("{name}-{suffix}")).await;
            }
            if std::env::var_os("CLIQUET_PICTURES").is_some() {
                fs::write(folder().join(format!("{name}-{suffix}.png")), tab.screenshot().await).unwrap();
            }
        }
    }
    tab.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
    tab.devtools("Emulation.setEmulatedMedia", json!({ "features": [] })).await;
}

async fn check_width(tab: &Tab, name: &str) {
    let over = tab.ask("document.documentElement.scrollWidth - window.innerWidth", vec![]).await;
    assert!(over.as_i64().is_some_and(|over| over <= 0), "{name} is {over} pixels too wide");
}

fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    fs::create_dir_all(&folder).unwrap();
    folder
}
