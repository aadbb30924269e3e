//! Sizes and ages as people write them.

use std::time::Duration;

/// Reads a size in bytes: `512M`, `1.5G`, `20 GiB`. Units are powers of 1024.
///
/// # Errors
/// A message for people when `text` is no size, or one of more than 2^63 bytes.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let bytes = parse_size::Config::new().with_binary().parse_size(text);
    match bytes {
        Ok(bytes) if i64::try_from(bytes).is_ok() => Ok(bytes),
        Ok(_) => Err(format!("`{text}` is out of range")),
        Err(_) => Err(format!("`{text}` is not a size such as `512M` or `20G`")),
    }
}

/// Reads an age: `12h`, `30d`, `1y`.
///
/// # Errors
/// A message for people when `text` is no duration.
pub fn parse_age(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| format!("`{text}` is not a duration such as `12h` or `30d`"))
}

/// A number of bytes in the largest unit that leaves at least 1.
#[must_use]
pub fn show_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // The logarithm of a number from 1024 on is 10 to 63, so the unit exists.
    let power = usize::min(bytes.ilog2() as usize / 10, UNITS.len());
    let whole = bytes >> (10 * power);
    let tenth = ((bytes >> (10 * (power - 1))) & 1023) * 10 / 1024;
    format!("{whole}.{tenth} {}", UNITS[power - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, bytes) in [
            ("1", 1),
            ("1K", 1 << 10),
            ("512M", 512 << 20),
            ("1.5G", 3 << 29),
            ("20 GiB", 20 << 30),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "-1", "G", "1X", "99999999999999999999", "16E", "1e99"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ages_need_a_unit() {
        assert_eq!(parse_age("30d"), Ok(Duration::from_secs(30 * 86_400)));
        for text in ["", "30", "soon", "-1d", "99999999999999999999y"] {
            assert!(parse_age(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_in_the_largest_unit() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(show_size(bytes), text);
        }
    }
}
