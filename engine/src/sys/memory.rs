//! How much memory the machine has.

use std::path::Path;

use super::fs;

/// Physical memory in bytes; `None` when the system does not tell.
#[must_use]
pub fn physical() -> Option<u64> {
    let text = fs::read(Path::new("/proc/meminfo")).ok()?;
    total(&String::from_utf8_lossy(&text))
}

/// The line `MemTotal:  24684096 kB`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_in_bytes() {
        assert_eq!(total("MemTotal:  2 kB\nMemFree: 1 kB\n"), Some(2048));
        for text in ["", "MemTotal: x kB", "MemTotal: 2", "MemFree: 1 kB"] {
            assert_eq!(total(text), None, "{text:?}");
        }
    }
}
