//! Hours in which nothing is said of new messages.

use std::{fmt, str::FromStr};

/// From the first minute of the day to before the second; over midnight if the second is the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: u32,
    to: u32,
}

/// Not two different times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these are no quiet hours")]
pub struct QuietHoursError;

impl QuietHours {
    /// From two times as a time field has them, `HH:MM`. `None`: one is missing, or they are the same.
    pub fn read(from: &str, to: &str) -> Option<Self> {
        let (from, to) = (minutes(from)?, minutes(to)?);
        if from == to { None } else { Some(Self { from, to }) }
    }

    /// The two times, as a time field has them.
    pub fn times(self) -> (String, String) {
        (time(self.from), time(self.to))
    }

    /// `minute`: of the day.
    pub fn hold_at(self, minute: u32) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

/// `HH:MM-HH:MM`.
impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = self.times();
        f.write_str(&[from, to].join("-"))
    }
}

impl FromStr for QuietHours {
    type Err = QuietHoursError;

    fn from_str(text: &str) -> Result<Self, QuietHoursError> {
        let (from, to) = text.split_once('-').ok_or(QuietHoursError)?;
        Self::read(from, to).ok_or(QuietHoursError)
    }
}

fn minutes(time: &str) -> Option<u32> {
    let (hours, minutes) = time.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours < 24 && minutes < 60 { Some(hours * 60 + minutes) } else { None }
}

fn time(minute: u32) -> String {
    let two = |number: u32| [if number < 10 { "0" } else { "" }, &number.to_string()].concat();
    [two(minute / 60), two(minute % 60)].join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_hold_from_one_time_to_the_other_and_over_midnight() {
        let day = QuietHours::read("12:30", "14:00").unwrap();
        assert_eq!([749, 750, 839, 840].map(|minute| day.hold_at(minute)), [false, true, true, false]);
        let night = QuietHours::read("22:00", "07:05").unwrap();
        assert_eq!([1_319, 1_320, 0, 424, 425].map(|minute| night.hold_at(minute)), [false, true, true, true, false]);
        assert_eq!(night.to_string().parse(), Ok(night));
        assert_eq!(night.times(), ("22:00".to_owned(), "07:05".to_owned()));
    }

    #[test]
    fn what_is_no_time_or_no_span_is_none() {
        for (from, to) in [("", "07:00"), ("22:00", ""), ("24:00", "07:00"), ("22:60", "07:00"), ("07:00", "07:00")] {
            assert_eq!(QuietHours::read(from, to), None, "{from} {to}");
        }
        assert_eq!("22:00".parse::<QuietHours>(), Err(QuietHoursError));
    }
}
