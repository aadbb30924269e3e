//! The store as a whole, against a disk that lies and processes that die.

mod collecting;
mod faults;
mod model;

use kiln_plugin_abi::{GroupName, WorkspacePath};

use super::*;
use crate::artifact::Entry;
use crate::events::Usage;

/// A store in a directory of its own, and what tests do to it.
struct Fixture {
    directory: tempfile::TempDir,
    options: StoreOptions,
}

const ROOMY: Limits = Limits {
    max_size: 1 << 40,
    max_age: 1000,
};

impl Fixture {
    fn new() -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            root: directory.path().join("store"),
            limits: ROOMY,
            verify: Verify::Size,
        };
        Fixture { directory, options }
    }

    fn open(&self) -> Store {
        let store = Store::open(&self.options);
        let warnings = store.take_warnings();
        assert_eq!(warnings, [], "an unexpected warning");
        store
    }

    /// A file outside of the store, as an action would leave it.
    fn output(&self, bytes: &[u8]) -> File {
        let path = tempfile::Builder::new()
            .tempfile_in(self.directory.path())
            .unwrap();
        fs::write(path.path(), bytes).unwrap();
        let (_, path) = path.keep().unwrap();
        fs::open(&path).unwrap()
    }
}

/// A key for tests.
fn key(number: u8) -> ActionKey {
    ActionKey([number; 32])
}

/// Stores contents and answers the listing of files that hold them.
fn put_listing(store: &Store, files: &[(&str, &[u8])]) -> Arc<Listing> {
    let entries = files.iter().map(|(path, bytes)| {
        let digest = store
            .put_bytes(Bytes::copy_from_slice(bytes), false)
            .unwrap();
        let path = WorkspacePath::from_normalised(path).unwrap();
        (
            path,
            Entry::File {
                digest,
                executable: false,
            },
        )
    });
    Arc::new(Listing::new(entries.collect()).unwrap())
}

/// The result of an action with one output group.
fn result_of(listing: &Arc<Listing>) -> ActionResult {
    ActionResult {
        outputs: vec![(None, listing.clone())],
        log: None,
        usage: Usage::default(),
        exit_code: 0,
        created: 1,
    }
}

/// Stores a result under `key` whose one file holds `bytes`.
fn publish(store: &Store, key: ActionKey, bytes: &[u8]) -> Arc<Listing> {
    let listing = put_listing(store, &[("out/file", bytes)]);
    assert!(store.publish(key, &result_of(&listing), b"manifest"));
    listing
}

fn read(store: &Store, listing: &Listing) -> Result<Vec<u8>, MissingContent> {
    let (_, digest, executable) = listing.files().next().unwrap();
    let content = store.open_content(&digest, executable)?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut content.reader(), &mut bytes).unwrap();
    Ok(bytes)
}

fn found(store: &Store, key: ActionKey) -> Option<Arc<ActionResult>> {
    store.results(&[key]).pop().flatten()
}

#[test]
fn a_result_comes_back_as_it_was_at_once_and_in_the_next_run() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let one = put_listing(&store, &[("a/x", b"1"), ("a/y", &[2; 40_000])]);
    let other = put_listing(&store, &[]);
    let log = LogRecord {
        chunks: vec![LogChunk {
            stream: LogStream::Stderr,
            bytes: "oh".into(),
        }],
        dropped: 3,
    };
    let result = ActionResult {
        outputs: vec![
            (None, one),
            (Some(GroupName::parse("docs").unwrap()), other),
        ],
        log: Some(log.clone().into()),
        usage: Usage {
            wall_ms: 1,
            user_ms: 2,
            sys_ms: 3,
            max_rss: u64::MAX,
        },
        exit_code: -1,
        created: 4,
    };
    assert!(store.publish(key(1), &result, b"why"));
    let next = fixture.open();
    for store in [&store, &{
        store.flush();
        next
    }] {
        assert_eq!(*found(store, key(1)).unwrap(), result);
        assert_eq!(store.manifest(&key(1)).as_deref(), Some(&b"why"[..]));
        assert_eq!(*store.log(&result).unwrap().unwrap(), log);
        assert!(found(store, key(2)).is_none());
        assert_eq!(store.contains_all(&[&result.outputs[0].1]), [true]);
    }
}

#[test]
fn results_come_in_the_order_of_their_keys_whatever_their_number() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let listing = put_listing(&store, &[("f", b"x")]);
    let key = |number: u32| ActionKey(*Digest::of(&number.to_le_bytes()).sha256());
    for number in 0..1500 {
        let mut result = result_of(&listing);
        result.created = u64::from(number);
        store.publish(key(number), &result, b"");
    }
    store.flush();
    for count in [0, 1, 2, 511, 512, 513, 3000] {
        let keys: Vec<ActionKey> = (0..count).rev().map(key).collect();
        let results = store.results(&keys);
        let created: Vec<Option<u64>> = results
            .iter()
            .map(|result| result.as_ref().map(|result| result.created))
            .collect();
        let expected: Vec<Option<u64>> = (0..count)
            .rev()
            .map(|number| (number < 1500).then_some(u64::from(number)))
            .collect();
        assert_eq!(created, expected);
    }
}

#[test]
fn large_listings_and_logs_are_contents_of_their_own() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let names: Vec<String> = (0..2000).map(|number| format!("d/{number}")).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &b"x"[..]))
        .collect();
    let listing = put_listing(&store, &files);
    let log = LogRecord {
        chunks: vec![LogChunk {
            stream: LogStream::Stdout,
            bytes: vec![b'l'; 1 << 20].into(),
        }],
        dropped: 0,
    };
    let mut result = result_of(&listing);
    result.log = Some(log.clone().into());
    store.publish(key(1), &result, b"");
    store.flush();
    let again = found(&fixture.open(), key(1)).unwrap();
    assert_eq!(again.outputs, result.outputs);
    assert!(matches!(again.log, Some(StoredLog::Elsewhere(_))));
    assert_eq!(*store.log(&again).unwrap().unwrap(), log);
}

#[test]
fn contents_of_all_sizes_come_back_from_files_and_from_memory() {
    let fixture = Fixture::new();
    let store = fixture.open();
    for size in [0, 1, 16_384, 16_385, 700_000] {
        let bytes: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        for executable in [false, true] {
            let from_file = store
                .put_file(&fixture.output(&bytes), bytes.len() as u64, executable)
                .unwrap();
            let from_memory = store.put_bytes(bytes.clone().into(), executable).unwrap();
            assert_eq!(from_file, Digest::of(&bytes));
            assert_eq!(from_memory, from_file);
            let content = store.open_content(&from_file, executable).unwrap();
            let mut again = Vec::new();
            std::io::Read::read_to_end(&mut content.reader(), &mut again).unwrap();
            assert_eq!(again, bytes);
        }
    }
}

#[test]
fn a_large_output_becomes_the_blob_itself_read_only_and_dated() {
    use std::os::unix::fs::MetadataExt;
    let fixture = Fixture::new();
    let store = fixture.open();
    for executable in [false, true] {
        let bytes = vec![u8::from(executable); 20_000];
        let output = fixture.output(&bytes);
        let digest = store.put_file(&output, 20_000, executable).unwrap();
        let Ok(Content::Blob { path, file }) = store.open_content(&digest, executable) else {
            panic!("not a blob");
        };
        let status = file.metadata().unwrap();
        assert_eq!(status.ino(), output.metadata().unwrap().ino(), "copied");
        assert_eq!(
            status.mode() & 0o7777,
            if executable { 0o555 } else { 0o444 }
        );
        assert_eq!(status.mtime(), 315_532_800);
        assert_eq!(path.to_str().unwrap().ends_with('x'), executable);
    }
}

#[test]
fn an_output_with_a_second_name_is_copied() {
    use std::os::unix::fs::MetadataExt;
    let fixture = Fixture::new();
    let store = fixture.open();
    let output = fixture.output(&[1; 20_000]);
    crate::sys::frozen::link_open(&output, &fixture.directory.path().join("second")).unwrap();
    let digest = store.put_file(&output, 20_000, false).unwrap();
    let Ok(Content::Blob { file, .. }) = store.open_content(&digest, false) else {
        panic!("not a blob");
    };
    assert_ne!(
        file.metadata().unwrap().ino(),
        output.metadata().unwrap().ino()
    );
    assert_eq!(
        output.metadata().unwrap().mode() & 0o200,
        0o200,
        "left alone"
    );
}

#[test]
fn equal_contents_are_stored_once() {
    let fixture = Fixture::new();
    let store = fixture.open();
    for (number, bytes) in [[5; 100].as_slice(), &[5; 20_000]].into_iter().enumerate() {
        for repeat in 0..3 {
            let result = result_of(&put_listing(&store, &[(&format!("f{repeat}"), bytes)]));
            store.publish(key((number * 3 + repeat) as u8), &result, b"");
        }
    }
    store.flush();
    let stats = store.stats();
    assert_eq!(
        (stats.results, stats.small_contents, stats.small_bytes),
        (6, 1, 100)
    );
    assert!(
        stats.total_bytes > 20_100 && stats.total_bytes < 21_500,
        "{stats:?}"
    );
    let blobs = fs::read_dir(&store.layout().path(Place::Blobs)).unwrap();
    assert_eq!(blobs.len(), 1);
}

#[test]
fn looking_up_and_reading_write_nothing() {
    let fixture = Fixture::new();
    publish(&fixture.open(), key(1), b"x");
    let store = fixture.open();
    let result = found(&store, key(1)).unwrap();
    read(&store, &result.outputs[0].1).unwrap();
    store.flush();
    assert_eq!(store.counters(), WriteCounters::default());
}

#[test]
fn a_forgotten_result_is_gone_for_all() {
    let fixture = Fixture::new();
    let store = fixture.open();
    publish(&store, key(1), b"x");
    store.forget(key(1));
    assert!(found(&store, key(1)).is_none());
    assert!(found(&fixture.open(), key(1)).is_none());
}

#[test]
fn durations_and_runs_are_remembered() {
    let fixture = Fixture::new();
    let store = fixture.open();
    store.note_duration("//a", 5);
    store.note_duration("//a", 7);
    let run = RunSummary {
        found: 3,
        ran: 2,
        failed: 1,
        wall_ms: 9,
    };
    store.finish(run).unwrap();
    let store = fixture.open();
    assert_eq!(store.durations(), HashMap::from([("//a".to_owned(), 7)]));
    assert_eq!(store.stats().runs, [run]);
}

#[test]
fn a_failure_reaches_those_who_waited_and_nobody_else() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let before = clock::since_boot();
    store.note_failure(key(1), b"exit 1");
    let other = fixture.open();
    assert_eq!(
        other.failure_since(key(1), before).as_deref(),
        Some(&b"exit 1"[..])
    );
    assert_eq!(other.failure_since(key(2), before), None);
    let later = clock::since_boot() + std::time::Duration::from_secs(1);
    assert_eq!(other.failure_since(key(1), later), None);
}

#[test]
fn a_tar_of_a_stored_listing_holds_the_stored_bytes() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let listing = put_listing(&store, &[("a", b"small"), ("b", &[9; 20_000])]);
    let mut archive = Vec::new();
    crate::artifact::tar::write(&listing, store.content_source(), &mut archive).unwrap();
    assert_eq!(archive.len(), 512 + 512 + 512 + 20_480 + 1024);
}
