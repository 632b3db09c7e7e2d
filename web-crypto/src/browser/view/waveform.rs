//! How loud a voice message is from its beginning to its end, and how that is drawn.

use crate::crypto::attachment::WAVEFORM_BYTES_MAX;

/// Of the drawing, from its lowest point to its highest.
const HEIGHT: u32 = 32;
/// Of a bar in silence: a line of points shows where the message goes on.
const LOWEST: u32 = 2;

/// The heights of a voice message from the levels that were measured while it was recorded: the loudest moment reaches the
/// top, or a soft voice would be a flat line.
pub fn heights(levels: &[u8]) -> Vec<u8> {
    let count = WAVEFORM_BYTES_MAX.min(levels.len());
    let loudest = levels.iter().copied().max().unwrap_or_default().max(1);
    let part = |index: usize| {
        let (from, to) = (index * levels.len() / count, (index + 1) * levels.len() / count);
        let level = levels.get(from..to).unwrap_or_default().iter().copied().max().unwrap_or_default();
        u8::try_from(u32::from(level) * 255 / u32::from(loudest)).unwrap_or(u8::MAX)
    };
    (0..count).map(part).collect()
}

/// The path of the bars of an SVG that is `heights.len()` wide and 32 high.
pub fn path(heights: &[u8]) -> String {
    let mut path = String::new();
    for (x, height) in heights.iter().enumerate() {
        let bar = LOWEST + (HEIGHT - LOWEST) * u32::from(*height) / 255;
        let top = (HEIGHT - bar) / 2;
        path.push_str(&["M", &x.to_string(), ".5 ", &top.to_string(), "v", &bar.to_string()].concat());
    }
    path
}

/// A time as players show it: minutes and seconds.
pub fn clock(ms: u32) -> String {
    let seconds = ms / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Shows bars in an element. Those of `played` stand out.
#[cfg(target_arch = "wasm32")]
pub fn draw(place: &web_sys::Element, heights: &[u8], played: usize) {
    use super::dom;
    const SVG: &str = "http://www.w3.org/2000/svg";
    if dom::within(place, "svg").is_none() {
        let make = |name: &str| dom::document()?.create_element_ns(Some(SVG), name).ok();
        let (Some(svg), Some(all), Some(heard)) = (make("svg"), make("path"), make("path")) else { return };
        for (name, value) in [("aria-hidden", "true"), ("preserveAspectRatio", "none")] {
            let _ = svg.set_attribute(name, value);
        }
        let _ = heard.set_attribute("class", "played");
        let _ = svg.append_child(&all);
        let _ = svg.append_child(&heard);
        let _ = place.append_child(&svg);
    }
    let Some(svg) = dom::within(place, "svg") else { return };
    let _ =
        svg.set_attribute("viewBox", &["0 0 ", &heights.len().max(1).to_string(), " ", &HEIGHT.to_string()].concat());
    let set = |selector: &str, heights: &[u8]| {
        if let Some(bars) = dom::within(&svg, selector) {
            let _ = bars.set_attribute("d", &path(heights));
        }
    };
    set("path", heights);
    set(".played", heights.get(..played).unwrap_or(heights));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_levels_becomes_as_many_heights_as_a_message_has() {
        for count in [0, 1, 63, 64, 65, 128, 18_000] {
            assert_eq!(heights(&vec![7; count]), vec![255; count.min(WAVEFORM_BYTES_MAX)], "{count}");
        }
        assert_eq!(heights(&[0; 100]), vec![0; WAVEFORM_BYTES_MAX]);
    }

    #[test]
    fn each_level_counts_where_it_was() {
        let mut levels = vec![0; 640];
        levels[0] = 50;
        levels[639] = 100;
        let heights = heights(&levels);
        assert_eq!((heights[0], heights[63]), (127, 255));
        assert!(heights[1..63].iter().all(|height| *height == 0));
    }

    #[test]
    fn bars_stand_in_the_middle_and_silence_is_a_line() {
        assert_eq!(path(&[0, 255]), "M0.5 15v2M1.5 0v32");
        assert_eq!(path(&[]), "");
    }

    #[test]
    fn a_time_is_minutes_and_seconds() {
        assert_eq!([0, 999, 7_000, 60_000, 900_000].map(clock), ["0:00", "0:00", "0:07", "1:00", "15:00"]);
    }
}
