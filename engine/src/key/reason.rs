//! The difference between two explanations: why a key is not what it was.

use std::collections::HashMap;

use super::manifest::{Fact, Manifest};

/// Longest text shown of a changed value, in characters.
const SHOWN: usize = 60;

/// The first leaf that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// One line: the leaf by name, old → new.
    pub line: String,
    /// The target whose output changed, when the leaf is one.
    pub origin: Option<String>,
}

/// A fact's identity within a manifest: its name, and which of that name it is.
type Slot<'a> = (&'a [String], usize);

/// The first change that leads from `old` to `new`; `None` when they are equal.
///
/// Facts are matched by name, so that one added input is reported as such and
/// not as a change of everything behind it.
#[must_use]
pub fn first_change(old: &Manifest, new: &Manifest) -> Option<Change> {
    let old_slots = slots(old);
    let new_slots = slots(new);
    let old_by_slot: HashMap<&Slot<'_>, &Fact> =
        old_slots.iter().map(|(slot, fact)| (slot, *fact)).collect();
    let new_by_slot: HashMap<&Slot<'_>, &Fact> =
        new_slots.iter().map(|(slot, fact)| (slot, *fact)).collect();
    let is_count =
        |fact: &Fact| fact.path.len() <= 3 && !fact.is_text && fact.value.parse::<u64>().is_ok();
    let changed = new_slots.iter().find_map(|(slot, fact)| {
        let before = old_by_slot.get(slot)?;
        (before.value != fact.value && !is_count(fact)).then(|| changed(before, fact))
    });
    let added = || {
        new_slots
            .iter()
            .find(|(slot, fact)| !old_by_slot.contains_key(slot) && !is_count(fact))
            .map(|(_, fact)| appeared(fact, "added"))
    };
    let removed = || {
        old_slots
            .iter()
            .find(|(slot, fact)| !new_by_slot.contains_key(slot) && !is_count(fact))
            .map(|(_, fact)| appeared(fact, "removed"))
    };
    let count = || {
        new_slots.iter().find_map(|(slot, fact)| {
            let before = old_by_slot.get(slot)?;
            (before.value != fact.value).then(|| self::changed(before, fact))
        })
    };
    let order = || {
        (old.facts != new.facts).then(|| Change {
            line: "the order of the inputs changed".to_owned(),
            origin: None,
        })
    };
    changed
        .or_else(added)
        .or_else(removed)
        .or_else(count)
        .or_else(order)
}

fn slots(manifest: &Manifest) -> Vec<(Slot<'_>, &Fact)> {
    let mut seen: HashMap<&[String], usize> = HashMap::new();
    manifest
        .facts
        .iter()
        .map(|fact| {
            let count = seen.entry(&fact.path).or_default();
            let slot = (fact.path.as_slice(), *count);
            *count += 1;
            (slot, fact)
        })
        .collect()
}

fn changed(old: &Fact, new: &Fact) -> Change {
    let (before, after) = if old.is_text {
        around_difference(&old.value, &new.value)
    } else {
        (short(&old.value), short(&new.value))
    };
    Change {
        line: format!("{} changed: {before} → {after}", name(new)),
        origin: new.origin.clone(),
    }
}

fn appeared(fact: &Fact, how: &str) -> Change {
    let line = match fact.path.first().map(String::as_str) {
        Some("output") => format!("output {} {how}", fact.value),
        Some("deps" | "tools" | "runtime_deps") if fact.is_text => {
            format!("input {} {how}", fact.value)
        }
        _ => format!("{} {how}", name(fact)),
    };
    Change {
        line,
        origin: fact.origin.clone(),
    }
}

/// The leaf's name as people would say it.
fn name(fact: &Fact) -> String {
    let path: Vec<&str> = fact.path.iter().map(String::as_str).collect();
    match (path.as_slice(), &fact.origin) {
        (["deps" | "tools" | "runtime_deps", _, "listing" | "path"], Some(origin)) => {
            format!("output of {origin}")
        }
        (["deps" | "runtime_deps", _, file], None) => (*file).to_owned(),
        (["tools", _, program], None) => format!("tool {program}"),
        (["env", variable], _) => format!("env {variable}"),
        (["pass_env", variable], _) => format!("variable {variable} of the caller"),
        (["command", ..], _) => "command".to_owned(),
        (["base"], _) => "the sandbox or the host's base system".to_owned(),
        _ => path.join(" "),
    }
}

/// The two texts cut down to where they first differ.
fn around_difference(old: &str, new: &str) -> (String, String) {
    let same = old
        .chars()
        .zip(new.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let skip = if old.chars().count().max(new.chars().count()) <= SHOWN {
        0
    } else {
        same.saturating_sub(10)
    };
    let cut = |text: &str| {
        let mut shown: String = if skip > 0 {
            "…".into()
        } else {
            String::new()
        };
        shown.extend(text.chars().skip(skip).take(SHOWN));
        if text.chars().count() > skip + SHOWN {
            shown.push('…');
        }
        format!("{shown:?}")
    };
    (cut(old), cut(new))
}

/// Digests are shown by their first digits, as people compare them.
fn short(value: &str) -> String {
    match value.split_once(' ') {
        Some(("secret", _)) => "(secret)".to_owned(),
        Some((digest, rest)) if digest.len() == 64 => format!("{} {rest}", &digest[..12]),
        None if value.len() == 64 => value[..12].to_owned(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(path: &[&str], value: &str, is_text: bool) -> Fact {
        Fact {
            path: path.iter().map(|&segment| segment.to_owned()).collect(),
            value: value.to_owned(),
            is_text,
            origin: None,
        }
    }

    fn line(old: Vec<Fact>, new: Vec<Fact>) -> Option<String> {
        first_change(&Manifest { facts: old }, &Manifest { facts: new }).map(|change| change.line)
    }

    #[test]
    fn equal_manifests_have_no_change() {
        let facts = vec![fact(&["env", "A"], "1", true)];
        assert_eq!(line(facts.clone(), facts), None);
    }

    #[test]
    fn a_changed_file_is_named_with_old_and_new() {
        let path = ["deps", "srcs", "src/a.c"];
        let changed = line(
            vec![fact(&path, &"a".repeat(64), false)],
            vec![fact(&path, &"b".repeat(64), false)],
        );
        assert_eq!(
            changed.as_deref(),
            Some("src/a.c changed: aaaaaaaaaaaa → bbbbbbbbbbbb")
        );
    }

    #[test]
    fn an_added_file_is_not_reported_as_a_change_of_its_neighbours() {
        let digest = "a".repeat(64);
        let a = fact(&["deps", "", "a"], &digest, false);
        let b = fact(&["deps", "", "b"], &digest, false);
        let count = |n: &str| fact(&["deps", ""], n, false);
        let changed = line(vec![count("1"), b.clone()], vec![count("2"), a, b]);
        assert_eq!(changed.as_deref(), Some("a added"));
    }

    #[test]
    fn a_long_command_is_cut_to_the_difference() {
        let old = format!("{} -O1", "x".repeat(500));
        let new = format!("{} -O2", "x".repeat(500));
        let changed = line(
            vec![fact(&["command"], &old, true)],
            vec![fact(&["command"], &new, true)],
        );
        let changed = changed.unwrap();
        assert!(
            changed.contains("-O1") && changed.contains("-O2"),
            "{changed}"
        );
        assert!(changed.len() < 120, "{changed}");
    }

    #[test]
    fn a_secret_is_never_shown() {
        let old = format!("secret {}", "a".repeat(64));
        let new = format!("secret {}", "b".repeat(64));
        let path = ["pass_env", "TOKEN"];
        let changed = line(
            vec![fact(&path, &old, false)],
            vec![fact(&path, &new, false)],
        );
        assert_eq!(
            changed.as_deref(),
            Some("variable TOKEN of the caller changed: (secret) → (secret)")
        );
    }

    #[test]
    fn a_mere_change_of_order_is_said() {
        let digest = "a".repeat(64);
        let a = fact(&["deps", "", "a"], &digest, false);
        let b = fact(&["deps", "", "b"], &digest, false);
        let changed = line(vec![a.clone(), b.clone()], vec![b, a]);
        assert_eq!(changed.as_deref(), Some("the order of the inputs changed"));
    }
}
