//! Database files that are not what they should be.

use super::*;
use crate::key::ActionKey;
use crate::store::age::StoreTime;
use crate::sys::fs;

const KEY: ActionKey = ActionKey([3; 32]);

struct Place {
    directory: tempfile::TempDir,
    warnings: Arc<Warnings>,
    name: &'static str,
}

impl Place {
    fn new() -> Place {
        Place {
            directory: tempfile::tempdir().unwrap(),
            warnings: Arc::default(),
            name: "index.sqlite",
        }
    }

    fn file(&self) -> std::path::PathBuf {
        self.directory.path().join(self.name)
    }

    fn open(&self, access: Access) -> Result<Index, IndexError> {
        let locks = self.directory.path().join("locks");
        Index::open(&self.file(), &locks, access, &self.warnings)
    }

    /// Writes a manifest in a handle of its own.
    fn put(&self) {
        let index = self.open(Access::Write).unwrap();
        index.write(Write::Result {
            key: KEY,
            record: "r".into(),
            manifest: "m".into(),
            used: StoreTime(0),
        });
        index.flush();
    }

    fn holds_the_result(&self, access: Access) -> bool {
        let index = self.open(access).unwrap();
        let sql = "SELECT count(*) FROM results WHERE key = ?1";
        index.read(|connection| connection.query_row(sql, [KEY.0], |row| row.get(0))) == Some(1)
    }

    fn warning(&self) -> String {
        let warnings = self.warnings.take();
        assert!(warnings.len() <= 1, "{warnings:?}");
        warnings
            .into_iter()
            .map(|warning| warning.message)
            .collect()
    }
}

#[test]
fn what_is_written_is_there_for_every_handle_after_a_flush() {
    let place = Place::new();
    let reader = place.open(Access::Write).unwrap();
    place.put();
    let sql = "SELECT count(*) FROM results";
    let count: Option<i64> =
        reader.read(|connection| connection.query_row(sql, [], |row| row.get(0)));
    assert_eq!(count, Some(1));
    assert!(place.holds_the_result(Access::Read));
    assert_eq!(place.warning(), "");
}

#[test]
fn a_database_in_a_place_that_nobody_writes_is_read() {
    let mut place = Place::new();
    place.put();
    place.name = "index?%# ü.sqlite";
    let from = place.directory.path().join("index.sqlite");
    fs::rename(&from, &place.file()).unwrap();
    assert!(place.holds_the_result(Access::ReadFrozen));
    assert_eq!(fs::read_dir(place.directory.path()).unwrap().len(), 2);
}

#[test]
fn dropping_the_index_writes_what_waits() {
    let place = Place::new();
    let index = place.open(Access::Write).unwrap();
    for _ in 0..100 {
        index.write(Write::Result {
            key: KEY,
            record: "r".into(),
            manifest: "m".into(),
            used: StoreTime(0),
        });
    }
    drop(index);
    assert!(place.holds_the_result(Access::Write));
}

#[test]
fn a_file_that_is_no_database_is_set_aside() {
    let page = [&b"SQLite format 3\0"[..], &[0xa5; 8000]].concat();
    for garbage in [
        &b"garbage, and enough of it to be looked at by anyone"[..],
        &page,
    ] {
        let place = Place::new();
        fs::write(&place.file(), garbage).unwrap();
        place.put();
        assert!(place.warning().contains("damaged"));
        assert!(place.holds_the_result(Access::Write));
        assert_eq!(place.warning(), "");
        let aside = place.directory.path().join("index.sqlite.damaged");
        assert_eq!(fs::read(&aside).unwrap(), garbage);
    }
}

#[test]
fn an_empty_file_is_a_new_database() {
    let place = Place::new();
    fs::write(&place.file(), b"").unwrap();
    place.put();
    assert_eq!(place.warning(), "");
    assert!(place.holds_the_result(Access::Write));
}

#[test]
fn a_database_of_another_version_or_program_is_set_aside() {
    for edit in ["PRAGMA user_version = 2", "PRAGMA application_id = 7"] {
        let place = Place::new();
        place.put();
        Connection::open(place.file())
            .unwrap()
            .execute_batch(edit)
            .unwrap();
        assert!(!place.holds_the_result(Access::Write), "{edit}");
        assert!(place.warning().contains("another version"), "{edit}");
    }
}

#[test]
fn without_the_right_to_write_nothing_is_created_or_moved() {
    let place = Place::new();
    assert!(place.open(Access::Read).is_err());
    fs::write(&place.file(), b"garbage, and enough of it to be looked at").unwrap();
    assert!(place.open(Access::Read).is_err());
    assert_eq!(fs::read_dir(place.directory.path()).unwrap().len(), 1);
}

#[test]
fn a_database_that_breaks_while_open_reads_as_empty_and_is_told_once() {
    let place = Place::new();
    place.put();
    place.warnings.take();
    let index = place.open(Access::Write).unwrap();
    for _ in 0..2 {
        let answer = index
            .read(|connection| connection.query_row("SELECT * FROM no_such_table", [], |_| Ok(())));
        assert!(answer.is_none());
    }
    assert!(place.warning().contains("cannot be read"));
}

#[test]
fn after_a_failed_write_what_waits_stays_findable_here() {
    let place = Place::new();
    place.put();
    let index = place.open(Access::Write).unwrap();
    let other = Connection::open(place.file()).unwrap();
    other.execute_batch("DROP TABLE results").unwrap();
    index.pending().results.add(KEY, "record".into());
    index.write(Write::Result {
        key: KEY,
        record: "record".into(),
        manifest: "m".into(),
        used: StoreTime(0),
    });
    index.flush();
    assert!(place.warning().contains("nothing more is stored"));
    assert_eq!(
        index.pending().results.get(&KEY).as_deref(),
        Some(&b"record"[..])
    );
    assert_eq!(index.counters(), WriteCounters::default());
}

#[test]
fn many_handles_create_the_database_at_once() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| place.put());
        }
    });
    assert!(place.holds_the_result(Access::Write));
    assert_eq!(place.warning(), "");
}
