//! The processes that outlive the main one: named, then killed.

use rustix::fs::{Dir, Mode, OFlags};

use super::process;
use crate::sandbox::message::LEFTOVER_LIMIT;

/// Kills and reaps every process of the namespace but this one; the answer is
/// what those were called that were still alive.
pub(super) fn end_all() -> Vec<Vec<u8>> {
    // Orphans become children of the init, so without children there is nobody.
    while let Ok(reaped) = process::reap(libc::WNOHANG) {
        if reaped.is_none() {
            let names = living().unwrap_or_default();
            process::signal_all(libc::SIGKILL);
            while process::reap(0).is_ok() {}
            return names;
        }
    }
    Vec::new()
}

/// The names of the living processes, from the action's `/proc`.
fn living() -> Result<Vec<Vec<u8>>, rustix::io::Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let proc = rustix::fs::open(c"/proc", flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&proc)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if names.len() < LEFTOVER_LIMIT && name != b"1" && name.iter().all(u8::is_ascii_digit) {
            names.extend(name_if_alive(name));
        }
    }
    Ok(names)
}

/// What `/proc/PID/stat` calls the process, unless it is a zombie.
fn name_if_alive(pid: &[u8]) -> Option<Vec<u8>> {
    let path = [b"/proc/", pid, b"/stat"].concat();
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut buffer = [0; 256];
    let count = rustix::io::read(&file, &mut buffer).ok()?;
    parse_stat(&buffer[..count])
}

fn parse_stat(stat: &[u8]) -> Option<Vec<u8>> {
    // "7 (name, with any bytes) S …"
    let start = stat.iter().position(|&byte| byte == b'(')? + 1;
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    let alive = stat
        .get(end + 2)
        .is_some_and(|state| !b"ZX".contains(state));
    let name = stat.get(start..end)?;
    alive.then(|| name.to_vec())
}

#[cfg(test)]
mod tests {
    use super::parse_stat;

    #[test]
    fn takes_the_name_between_the_outer_parentheses() {
        assert_eq!(parse_stat(b"7 (a) b) S 1 7").unwrap(), b"a) b");
        assert_eq!(parse_stat(b"7 (gone) Z 1 7"), None);
        assert_eq!(parse_stat(b"garbage"), None);
        assert_eq!(parse_stat(b") ("), None);
    }
}
