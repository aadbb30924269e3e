//! The fingerprint cache against edits that try to go unnoticed.

use std::os::unix::fs::{PermissionsExt, symlink};

use kiln_plugin_abi::Digest;
use tempfile::TempDir;

use super::*;

/// A workspace whose clock is moved by hand.
struct Workspace {
    directory: TempDir,
}

impl Workspace {
    fn new(files: &[(&str, &str)]) -> Workspace {
        let workspace = Workspace {
            directory: tempfile::tempdir().unwrap(),
        };
        for (path, text) in files {
            workspace.write(path, text);
        }
        workspace
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text.as_bytes()).unwrap();
    }

    /// A cache as a run would load it that starts `seconds` after now.
    fn run_after(&self, seconds: i64) -> FingerprintCache {
        let mut cache = FingerprintCache::load(&self.at(".kiln/state/fingerprints"));
        cache.probe.as_mut().unwrap().ctime_ns += seconds * 1_000_000_000;
        cache
    }

    fn ask(&self, cache: &FingerprintCache, path: &str) -> Result<Source, SourceError> {
        let path = WorkspacePath::from_normalised(path).unwrap();
        let mut answers = cache.fingerprints(self.directory.path(), &[path]).unwrap();
        answers.pop().unwrap()
    }

    /// Asks in a run of its own and saves; true when the file was read.
    fn run_reads(&self, seconds: i64, path: &str) -> bool {
        let cache = self.run_after(seconds);
        self.ask(&cache, path).unwrap();
        cache.save().unwrap();
        cache.counters().files_hashed == 1
    }
}

#[test]
fn a_settled_file_is_read_once() {
    let workspace = Workspace::new(&[("a/b.c", "text")]);
    assert!(workspace.run_reads(10, "a/b.c"));
    assert!(!workspace.run_reads(20, "a/b.c"));
    assert!(!workspace.run_reads(30, "a/b.c"));
}

#[test]
fn a_young_file_is_read_again_until_it_has_settled() {
    let workspace = Workspace::new(&[("a", "text")]);
    assert!(workspace.run_reads(0, "a"));
    assert!(workspace.run_reads(1, "a"));
    assert!(workspace.run_reads(3, "a"));
    assert!(!workspace.run_reads(4, "a"));
}

#[test]
fn a_file_from_the_future_is_always_read() {
    let workspace = Workspace::new(&[("a", "text")]);
    assert!(workspace.run_reads(10, "a"));
    assert!(workspace.run_reads(-100, "a"));
    assert!(workspace.run_reads(-90, "a"));
}

#[test]
fn an_edit_of_the_same_size_with_the_old_mtime_is_noticed() {
    let workspace = Workspace::new(&[("a", "one")]);
    assert!(workspace.run_reads(10, "a"));
    let times = std::fs::metadata(workspace.at("a"))
        .unwrap()
        .modified()
        .unwrap();
    workspace.write("a", "two");
    let file = std::fs::File::options()
        .write(true)
        .open(workspace.at("a"))
        .unwrap();
    file.set_modified(times).unwrap();
    let source = workspace.ask(&workspace.run_after(20), "a").unwrap();
    assert_eq!(source.fingerprint.digest, Digest::of(b"two"));
}

#[test]
fn another_inode_and_another_mode_are_noticed() {
    let workspace = Workspace::new(&[("a", "one")]);
    assert!(workspace.run_reads(10, "a"));
    fs::write_atomically(&workspace.at("a"), b"one").unwrap();
    assert!(workspace.run_reads(20, "a"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(workspace.at("a"), mode).unwrap();
    let source = workspace.ask(&workspace.run_after(30), "a").unwrap();
    assert!(source.fingerprint.executable);
}

#[test]
fn a_damaged_file_or_another_version_is_an_empty_cache() {
    let workspace = Workspace::new(&[("a", "one")]);
    workspace.run_reads(10, "a");
    let file = workspace.at(".kiln/state/fingerprints");
    let sound = fs::read(&file).unwrap();
    for index in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[index] ^= 0x10;
        assert_eq!(Table::from_bytes(damaged).iter().count(), 0, "byte {index}");
        assert_eq!(Table::from_bytes(sound[..index].to_vec()).iter().count(), 0);
    }
    fs::write(&file, b"garbage").unwrap();
    assert!(workspace.run_reads(20, "a"));
    assert!(!workspace.run_reads(30, "a"));
}

#[test]
fn nothing_is_written_when_nothing_was_learnt() {
    let workspace = Workspace::new(&[("a", "one")]);
    workspace.run_reads(10, "a");
    let file = workspace.at(".kiln/state/fingerprints");
    fs::remove_file(&file).unwrap();
    fs::create_dir_all(&file).unwrap();
    let cache = workspace.run_after(20);
    cache.save().unwrap();
}

#[test]
fn links_inside_the_workspace_are_followed_to_the_real_file() {
    let workspace = Workspace::new(&[("real/a", "one")]);
    symlink("real/a", workspace.at("link")).unwrap();
    symlink("link", workspace.at("link-to-link")).unwrap();
    symlink(workspace.at("real/a"), workspace.at("absolute")).unwrap();
    symlink("real", workspace.at("directory")).unwrap();
    let cache = workspace.run_after(10);
    for path in ["link", "link-to-link", "absolute", "directory/a"] {
        let source = workspace.ask(&cache, path).unwrap();
        assert_eq!(source.fingerprint.digest, Digest::of(b"one"), "{path}");
        let real = source.real_path.unwrap();
        assert_eq!(real.as_str(), "real/a", "{path}");
    }
    cache.save().unwrap();
    let cache = workspace.run_after(20);
    workspace.ask(&cache, "link").unwrap();
    assert_eq!(cache.counters().files_hashed, 0);
}

#[test]
fn a_link_turned_elsewhere_gives_the_other_file() {
    let workspace = Workspace::new(&[("a", "one"), ("b", "two")]);
    symlink("a", workspace.at("link")).unwrap();
    assert!(workspace.run_reads(10, "link"));
    fs::remove_file(&workspace.at("link")).unwrap();
    symlink("b", workspace.at("link")).unwrap();
    let source = workspace.ask(&workspace.run_after(20), "link").unwrap();
    assert_eq!(source.fingerprint.digest, Digest::of(b"two"));
}

#[test]
fn what_cannot_be_a_source_is_refused_by_type() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(&outside.path().join("secret"), b"x").unwrap();
    let workspace = Workspace::new(&[("real/a", "one")]);
    let link = |target: &Path, name: &str| symlink(target, workspace.at(name)).unwrap();
    link(&outside.path().join("secret"), "out");
    link(outside.path(), "outdir");
    link("real".as_ref(), "to-directory");
    link("loop".as_ref(), "loop");
    link("nowhere".as_ref(), "dangling");
    link("/dev/null".as_ref(), "device");
    let cache = workspace.run_after(10);
    let ask = |path| workspace.ask(&cache, path).unwrap_err();
    assert!(matches!(ask("out"), SourceError::Leaves { .. }));
    assert!(matches!(ask("outdir/secret"), SourceError::Leaves { .. }));
    assert!(matches!(ask("device"), SourceError::Leaves { .. }));
    assert!(matches!(
        ask("to-directory"),
        SourceError::LinkToOther { .. }
    ));
    assert!(matches!(ask("dangling"), SourceError::Dangling { .. }));
    assert!(matches!(ask("loop"), SourceError::Fs(_)));
    assert!(matches!(ask("absent/a"), SourceError::Missing { .. }));
    assert!(matches!(ask("real/a/b"), SourceError::Missing { .. }));
    assert!(matches!(ask("real"), SourceError::NotRegular { .. }));
}

#[test]
fn many_files_are_answered_in_their_order() {
    let names: Vec<String> = (0..500)
        .map(|number| format!("d{}/{number}", number % 7))
        .collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), name.as_str()))
        .collect();
    let workspace = Workspace::new(&files);
    let paths: Vec<WorkspacePath> = names
        .iter()
        .map(|name| WorkspacePath::from_normalised(name).unwrap())
        .collect();
    for seconds in [10, 20] {
        let cache = workspace.run_after(seconds);
        let answers = cache
            .fingerprints(workspace.directory.path(), &paths)
            .unwrap();
        for (name, answer) in names.iter().zip(answers) {
            assert_eq!(
                answer.unwrap().fingerprint.digest,
                Digest::of(name.as_bytes())
            );
        }
        let hashed = if seconds == 10 { 500 } else { 0 };
        assert_eq!(cache.counters().files_hashed, hashed);
        assert_eq!(cache.counters().stats, 500);
        cache.save().unwrap();
    }
}
