//! Damage, loss, and stores that cannot be written.

use super::*;

/// A large and a small content each, published.
fn published(fixture: &Fixture) -> [Arc<Listing>; 2] {
    let store = fixture.open();
    [
        publish(&store, key(1), &[1; 50_000]),
        publish(&store, key(2), b"small"),
    ]
}

fn blob(fixture: &Fixture, listing: &Listing) -> PathBuf {
    let (_, digest, executable) = listing.files().next().unwrap();
    Layout::new(&fixture.options.root).blob(&digest, executable)
}

/// Replaces a blob, which cannot be written in place.
fn replace(path: &std::path::Path, bytes: &[u8]) {
    fs::write_atomically(path, bytes).unwrap();
}

fn edit_index(fixture: &Fixture, sql: &str) {
    let path = Layout::new(&fixture.options.root).path(Place::Index);
    rusqlite::Connection::open(path)
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

fn fault(store: &Store, listing: &Listing) -> Fault {
    read(store, listing).unwrap_err().fault
}

#[test]
fn a_missing_or_short_content_is_a_miss_and_heals_when_put_again() {
    let fixture = Fixture::new();
    let [large, small] = published(&fixture);
    for damage in [&b""[..], &[1; 49_999], &[1; 50_001]] {
        replace(&blob(&fixture, &large), damage);
        let store = fixture.open();
        assert_eq!(fault(&store, &large), Fault::Missing);
        assert_eq!(store.contains_all(&[&large, &small]), [false, true]);
        publish(&store, key(1), &[1; 50_000]);
        assert_eq!(read(&store, &large).unwrap(), [1; 50_000]);
    }
    fs::remove_file(&blob(&fixture, &large)).unwrap();
    edit_index(&fixture, "UPDATE contents SET bytes = x'00'");
    let store = fixture.open();
    assert_eq!(fault(&store, &large), Fault::Missing);
    assert_eq!(fault(&store, &small), Fault::Missing);
    assert_eq!(store.contains_all(&[&large, &small]), [false, false]);
    publish(&store, key(2), b"small");
    store.flush();
    assert_eq!(read(&store, &small).unwrap(), b"small");
    assert_eq!(read(&fixture.open(), &small).unwrap(), b"small");
}

#[test]
fn damage_of_the_same_size_is_found_by_verifying_and_heals() {
    let mut fixture = Fixture::new();
    let [large, small] = published(&fixture);
    replace(&blob(&fixture, &large), &[2; 50_000]);
    edit_index(
        &fixture,
        "UPDATE contents SET bytes = CAST('lamms' AS BLOB)",
    );
    fixture.options.verify = Verify::Always;
    let store = fixture.open();
    assert_eq!(fault(&store, &large), Fault::Damaged);
    assert_eq!(fault(&store, &small), Fault::Damaged);
    publish(&store, key(1), &[1; 50_000]);
    publish(&store, key(2), b"small");
    store.flush();
    assert_eq!(read(&store, &large).unwrap(), [1; 50_000]);
    assert_eq!(read(&store, &small).unwrap(), b"small");
}

#[test]
fn a_large_listing_or_log_of_the_right_length_is_proved_before_it_is_read() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let names: Vec<String> = (0..2000).map(|number| format!("d/{number:04}")).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &b"x"[..]))
        .collect();
    let listing = put_listing(&store, &files);
    store.publish(key(1), &result_of(&listing), b"");
    drop(store);
    let record = listing.encode_flat();
    let mut damaged = record.clone();
    let digit = damaged.iter().position(|byte| *byte == b'7').unwrap();
    damaged[digit] = b'8';
    replace(
        &Layout::new(&fixture.options.root).blob(&Digest::of(&record), false),
        &damaged,
    );
    let store = fixture.open();
    assert!(found(&store, key(1)).is_none());
    store.publish(key(1), &result_of(&listing), b"");
    assert_eq!(found(&store, key(1)).unwrap().outputs[0].1, listing);
}

#[test]
fn a_blob_that_is_no_regular_file_is_a_miss() {
    let fixture = Fixture::new();
    let [large, _] = published(&fixture);
    let path = blob(&fixture, &large);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    assert!(read(&fixture.open(), &large).is_err());
    fs::remove_file(&path).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, 0o600.into()).unwrap();
    assert!(read(&fixture.open(), &large).is_err());
}

#[test]
fn a_damaged_record_is_no_result() {
    let fixture = Fixture::new();
    published(&fixture);
    for sql in [
        "UPDATE results SET record = zeroblob(length(record))",
        "UPDATE results SET record = substr(record, 1, 20)",
        "UPDATE results SET record = x''",
    ] {
        edit_index(&fixture, sql);
        let store = fixture.open();
        assert!(found(&store, key(1)).is_none(), "{sql}");
        publish(&store, key(1), &[1; 50_000]);
        store.flush();
        assert!(found(&store, key(1)).is_some(), "{sql}");
    }
}

#[test]
fn a_record_in_the_place_of_another_is_no_result() {
    let fixture = Fixture::new();
    published(&fixture);
    edit_index(
        &fixture,
        "UPDATE results SET record = (SELECT record FROM results WHERE key = x'0202020202020202020202020202020202020202020202020202020202020202') WHERE key = x'0101010101010101010101010101010101010101010101010101010101010101'",
    );
    let store = fixture.open();
    assert!(found(&store, key(1)).is_none());
    assert!(found(&store, key(2)).is_some());
}

#[test]
fn losing_the_database_keeps_large_contents() {
    let fixture = Fixture::new();
    let [large, small] = published(&fixture);
    let path = Layout::new(&fixture.options.root).path(Place::Index);
    fs::write(&path, b"not a database at all, but quite some text instead").unwrap();
    let store = Store::open(&fixture.options);
    assert_eq!(store.take_warnings().len(), 1);
    assert!(found(&store, key(1)).is_none());
    assert_eq!(read(&store, &large).unwrap(), [1; 50_000]);
    assert_eq!(fault(&store, &small), Fault::Missing);
}

#[test]
fn a_store_whose_place_is_taken_is_told_once_and_does_nothing() {
    let fixture = Fixture::new();
    fs::write(&fixture.options.root, b"a file").unwrap();
    let store = Store::open(&fixture.options);
    let warnings = store.take_warnings();
    assert!(
        warnings[0].message.contains("cannot be written"),
        "{warnings:?}"
    );
    assert!(found(&store, key(1)).is_none());
    assert!(matches!(
        store.put_bytes("x".into(), false),
        Err(PutError::ReadOnly)
    ));
    let large = fixture.output(&[1; 50_000]);
    assert!(matches!(
        store.put_file(&large, 50_000, false),
        Err(PutError::ReadOnly)
    ));
    assert_eq!(store.scratch().unwrap(), None);
    store.finish(RunSummary::default()).unwrap();
}

#[test]
fn a_store_that_cannot_be_written_is_still_read() {
    let fixture = Fixture::new();
    let [large, small] = published(&fixture);
    // What would be a read-only file system: leases cannot be taken.
    let runs = Layout::new(&fixture.options.root).path(Place::Runs);
    fs::remove_dir_all(&runs).unwrap();
    fs::write(&runs, b"").unwrap();
    let store = Store::open(&fixture.options);
    assert_eq!(store.take_warnings().len(), 1);
    assert!(found(&store, key(1)).is_some());
    assert_eq!(read(&store, &large).unwrap(), [1; 50_000]);
    assert_eq!(read(&store, &small).unwrap(), b"small");
    assert!(!store.publish(key(3), &result_of(&small), b""));
    assert_eq!(
        fixture.output(&[1; 50_000]).metadata().unwrap().len(),
        50_000
    );
}

#[test]
fn contents_without_a_result_are_simply_no_result() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let listing = put_listing(&store, &[("f", &[3; 50_000]), ("g", b"small")]);
    drop(store);
    let store = fixture.open();
    assert!(found(&store, key(1)).is_none());
    assert_eq!(store.contains_all(&[&listing]), [true]);
}

#[test]
fn what_a_dead_run_left_is_swept() {
    let fixture = Fixture::new();
    let layout = Layout::new(&fixture.options.root);
    fixture.open();
    for place in [Place::Temporary, Place::Scratch] {
        let litter = layout.path(place).join("run-dead/deep");
        fs::create_dir_all(&litter).unwrap();
        fs::write(&litter.join("file"), b"x").unwrap();
    }
    fs::write(&layout.path(Place::Runs).join("run-dead"), b"").unwrap();
    let other = fixture.open();
    let scratch = other.scratch().unwrap().unwrap();
    let store = fixture.open();
    store.finish(RunSummary::default()).unwrap();
    assert!(scratch.is_dir(), "that of a living run");
    drop((store, other));
    for place in [Place::Temporary, Place::Scratch, Place::Runs] {
        let left = fs::read_dir(&layout.path(place)).unwrap();
        assert!(left.is_empty(), "{left:?}");
    }
}
