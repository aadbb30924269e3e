//! What is thrown away, and what must not be.

use super::*;

/// A store that holds results 0..6 of 100 KB each, used one hour after another.
fn filled() -> Fixture {
    let fixture = Fixture::new();
    for number in 0..6 {
        at_hour(&fixture, u32::from(number));
        publish(&fixture.open(), key(number), &[number; 100_000]);
    }
    at_hour(&fixture, 10);
    fixture
}

/// Sets the time of the store for the handles that are opened next.
fn at_hour(fixture: &Fixture, hour: u32) {
    fixture.open();
    let path = Layout::new(&fixture.options.root).path(Place::Index);
    let connection = rusqlite::Connection::open(path).unwrap();
    let wall = clock::since_epoch().as_secs();
    let set = "INSERT OR REPLACE INTO facts (name, value) VALUES ('time', ?1), ('wall', ?2)";
    connection
        .execute(set, rusqlite::params![hour, wall.cast_signed()])
        .unwrap();
}

fn present(store: &Store) -> Vec<u8> {
    (0..6)
        .filter(|number| found(store, key(*number)).is_some())
        .collect()
}

/// Blobs on the disk.
fn blobs(store: &Store) -> usize {
    let directories = fs::read_dir(&store.layout().path(Place::Blobs)).unwrap();
    let count = |directory: std::fs::DirEntry| fs::read_dir(&directory.path()).unwrap().len();
    directories.into_iter().map(count).sum()
}

fn max_size(max_size: u64) -> Limits {
    Limits { max_size, ..ROOMY }
}

#[test]
fn the_last_used_results_that_fit_are_kept() {
    let fixture = filled();
    let collected = fixture.open().collect(max_size(360_000)).unwrap();
    assert_eq!(collected.results, 3);
    assert_eq!((collected.contents, collected.bytes), (3, 300_000));
    let store = fixture.open();
    assert_eq!(present(&store), [3, 4, 5]);
    assert_eq!(blobs(&store), 3);
    assert_eq!(store.stats().total_bytes, collected.bytes_left);
}

#[test]
fn what_is_used_again_is_young_again() {
    let fixture = filled();
    let store = fixture.open();
    assert!(found(&store, key(0)).is_some());
    store.finish(RunSummary::default()).unwrap();
    drop(store);
    fixture.open().collect(max_size(360_000)).unwrap();
    assert_eq!(present(&fixture.open()), [0, 4, 5]);
}

#[test]
fn age_counts_hours_in_which_the_store_was_used() {
    let fixture = filled();
    let limits = Limits {
        max_age: 6,
        ..ROOMY
    };
    fixture.open().collect(limits).unwrap();
    assert_eq!(present(&fixture.open()), [4, 5]);
}

#[test]
fn a_content_that_a_kept_result_shares_stays() {
    let fixture = Fixture::new();
    for number in 0..4 {
        at_hour(&fixture, u32::from(number));
        publish(&fixture.open(), key(number), &[7; 100_000]);
    }
    at_hour(&fixture, 10);
    let store = fixture.open();
    store
        .collect(Limits {
            max_age: 7,
            ..ROOMY
        })
        .unwrap();
    assert_eq!(present(&store), [3]);
    let result = found(&store, key(3)).unwrap();
    assert_eq!(read(&store, &result.outputs[0].1).unwrap(), [7; 100_000]);
}

#[test]
fn small_and_nested_contents_follow_their_results() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let names: Vec<String> = (0..2000).map(|number| format!("d/{number}")).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), name.as_bytes()))
        .collect();
    let listing = put_listing(&store, &files);
    store.publish(key(1), &result_of(&listing), b"");
    store.put_bytes("nobody's".into(), false).unwrap();
    let collected = store.collect(ROOMY).unwrap();
    assert_eq!((collected.results, collected.contents), (0, 1));
    assert!(found(&store, key(1)).is_some());
    assert_eq!(store.contains_all(&[&listing]), [true]);
    store.collect(max_size(0)).unwrap();
    assert!(found(&store, key(1)).is_none());
    let stats = store.stats();
    assert_eq!(
        (stats.results, stats.small_contents, stats.total_bytes),
        (0, 0, 0)
    );
    assert_eq!(blobs(&store), 0);
}

#[test]
fn what_a_living_run_found_stays_and_goes_when_it_is_done() {
    let fixture = filled();
    let running = fixture.open();
    let result = found(&running, key(0)).unwrap();
    fixture.open().collect(max_size(0)).unwrap();
    assert_eq!(read(&running, &result.outputs[0].1).unwrap(), [0; 100_000]);
    assert_eq!(present(&fixture.open()), [0]);
    drop(running);
    fixture.open().collect(max_size(0)).unwrap();
    assert!(present(&fixture.open()).is_empty());
}

#[test]
fn what_a_living_run_has_put_but_not_published_stays() {
    let fixture = filled();
    let running = fixture.open();
    let listing = put_listing(&running, &[("new", &[8; 100_000]), ("small", b"8")]);
    // An old content, put again by the run.
    let again = put_listing(&running, &[("old", &[0; 100_000])]);
    running.flush();
    fixture.open().collect(max_size(0)).unwrap();
    assert_eq!(running.contains_all(&[&listing, &again]), [true, true]);
    drop(running);
    let store = fixture.open();
    store.collect(max_size(0)).unwrap();
    assert_eq!(store.contains_all(&[&listing, &again]), [false, false]);
}

#[test]
fn a_run_that_ends_collects_only_beyond_the_limit() {
    let mut fixture = filled();
    let collected = fixture.open().finish(RunSummary::default()).unwrap();
    assert_eq!(collected, Collected::default());
    fixture.options.limits.max_size = 360_000;
    let collected = fixture.open().finish(RunSummary::default()).unwrap();
    assert_eq!(collected.results, 3);
    let collected = fixture.open().finish(RunSummary::default()).unwrap();
    assert_eq!(collected, Collected::default());
}

#[test]
fn the_database_shrinks_too() {
    let fixture = Fixture::new();
    let store = fixture.open();
    for number in 0..200u8 {
        publish(&store, key(number), &[number; 16_000]);
    }
    store.flush();
    let size = |store: &Store| {
        let path = store.layout().path(Place::Index);
        fs::symlink_metadata(&path).unwrap().unwrap().len()
    };
    store.collect(ROOMY).unwrap();
    let before = size(&store);
    store.collect(max_size(0)).unwrap();
    assert!(size(&store) < before / 10, "{} of {before}", size(&store));
}
