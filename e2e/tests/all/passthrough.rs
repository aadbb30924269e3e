//! Sources are never copied into the store, and a source that changes while it is used is noticed.
//!
//! Each race is staged without luck: `//:early` is a hit of an earlier run, so its source is fingerprinted but not read;
//! `//:held` waits at a gate that the test opens after the edit; `//:late` then needs the same source.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kiln_e2e::{Gate, Run, Workspace, files_below};

struct Race {
    workspace: Workspace,
    gate: Gate,
}

impl Race {
    /// A workspace in which `//:early` has been built and the source `late.txt` holds `one`.
    fn prepared() -> Self {
        let workspace = Workspace::new();
        let gate = Gate::new(&workspace);
        let held = gate.wait() + "; echo > $OUT";
        let build = format!(
            r#"
target(name = "early", driver = "sh", deps = ["late.txt"], run = "cat $SRCS > $OUT", outs = ["early"])
target(name = "held", driver = "sh", deps = [":early"], run = {held:?}, outs = ["held"])
target(name = "late", driver = "sh", deps = {{"first": [":held"], "srcs": ["late.txt"]}}, run = "cat $SRCS_SRCS > $OUT; ls -l $SRCS_SRCS | cut -c 1-10 >> $OUT", outs = ["late"])
"#
        );
        workspace.write("BUILD.kiln", build);
        workspace.write("late.txt", "one\n");
        workspace.run(["//:early"]).success().ran(["//:early"]);
        Self { workspace, gate }
    }

    /// Builds `//:late`, doing something to its source after its fingerprint and before its read.
    fn edited_while_held(&self, edit: impl FnOnce(&Path)) -> Run {
        let mut running = self.workspace.kiln(["run", "//:late"]).spawn();
        running.wait_for_event(|event| event.is("action_started", "//:held"));
        edit(&self.workspace.path("late.txt"));
        self.gate.open();
        let run = running.finish();
        self.gate.close();
        run
    }

    /// Asserts that the edit fails the build by name, stores nothing, and that the next run is right.
    #[track_caller]
    fn is_noticed(edit: impl FnOnce(&Path)) {
        let race = Self::prepared();
        race.edited_while_held(edit)
            .exits(1)
            .complains(["late.txt", "changed"]);
        assert!(!race.workspace.path(".kiln/out/late").exists());
        let next = race.next();
        assert!(next.executed().contains("//:late"), "{}", next.report());
        let expected = fs::read_to_string(race.workspace.path("late.txt")).unwrap();
        assert!(
            race.workspace.read(".kiln/out/late").starts_with(&expected),
            "{}",
            next.report()
        );
    }

    /// The run after the race. The gate stands open, so that nothing waits.
    fn next(&self) -> Run {
        let mut running = self.workspace.kiln(["run", "//:late"]).spawn();
        running.wait_for_event(|event| event.name() == "build_started");
        self.gate.open();
        let run = running.finish().success();
        self.gate.close();
        run
    }
}

#[test]
fn changed_bytes_are_noticed() {
    Race::is_noticed(|file| fs::write(file, "two\n").unwrap());
}

#[test]
fn a_truncated_file_is_noticed() {
    Race::is_noticed(|file| fs::write(file, "").unwrap());
}

#[test]
fn a_longer_file_is_noticed() {
    Race::is_noticed(|file| fs::write(file, "one\ntwo\n").unwrap());
}

#[test]
fn a_changed_exec_bit_is_noticed() {
    Race::is_noticed(|file| fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap());
}

#[test]
fn another_inode_of_equal_size_and_time_is_noticed() {
    Race::is_noticed(|file| {
        let before = fs::metadata(file).unwrap().modified().unwrap();
        let other = file.with_extension("other");
        fs::write(&other, "eno\n").unwrap();
        fs::File::options()
            .append(true)
            .open(&other)
            .unwrap()
            .set_modified(before)
            .unwrap();
        fs::rename(other, file).unwrap();
    });
}

#[test]
fn a_deleted_source_is_an_error_that_names_it_and_the_target() {
    let race = Race::prepared();
    let run = race.edited_while_held(|file| fs::remove_file(file).unwrap());
    run.exits(1).complains(["late.txt", "//:late"]);
}

#[test]
fn a_file_changed_and_put_back_is_fine() {
    let race = Race::prepared();
    let run = race.edited_while_held(|file| {
        fs::write(file, "two\n").unwrap();
        fs::write(file, "one\n").unwrap();
    });
    run.success().ran(["//:held", "//:late"]);
    assert!(race.workspace.read(".kiln/out/late").starts_with("one\n"));
}

#[test]
fn a_change_after_the_read_is_harmless_and_the_next_run_sees_it() {
    let workspace = Workspace::new();
    let gate = Gate::new(&workspace);
    let script = gate.wait() + "; cat $SRCS > $OUT";
    workspace.write("BUILD.kiln", format!("target(name = \"t\", driver = \"sh\", deps = [\"src.txt\"], run = {script:?}, outs = [\"t\"])"));
    workspace.write("src.txt", "one\n");
    let mut running = workspace.kiln(["run", "//:t"]).spawn();
    running.wait_for_event(|event| event.is("action_started", "//:t"));
    workspace.write("src.txt", "two\n");
    gate.open();
    running.finish().success();
    assert_eq!(workspace.read(".kiln/out/t"), "one\n");
    gate.close();
    let mut running = workspace.kiln(["run", "//:t"]).spawn();
    running.wait_for_event(|event| event.is("action_started", "//:t"));
    gate.open();
    running.finish().success();
    assert_eq!(workspace.read(".kiln/out/t"), "two\n");
}

#[test]
fn targets_of_sources_alone_write_nothing_to_the_store() {
    let workspace = Workspace::with_build(r#"group(name = "g", deps = glob(["src/**"]))"#);
    for number in 0..200 {
        workspace.write(format!("src/{number}.txt"), number.to_string());
    }
    for pattern in ["//:g", "@fs:file@path=src/1.txt", "@fs:glob@include=src/*"] {
        let run = workspace.run([pattern]).success();
        let finished = run.events().last().expect("the build finishes").clone();
        for counter in ["store_bytes_written", "store_rows_written"] {
            assert_eq!(
                *finished.field(counter),
                0,
                "{counter} of {pattern}{}",
                run.report()
            );
        }
    }
}

#[test]
fn the_bytes_of_sources_are_nowhere_in_the_store() {
    let build = r#"target(name = "t", driver = "sh", deps = ["big.txt"], run = "wc -c < big.txt > $OUT", outs = ["t"])"#;
    let workspace = Workspace::with_build(build);
    workspace.write("big.txt", "x".repeat(8 << 20));
    workspace.run(["//:t"]).success();
    let files = files_below(&workspace.store(), &|_| true);
    let stored: u64 = files
        .iter()
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert!(stored < 4 << 20, "{stored} bytes in the store");
}
