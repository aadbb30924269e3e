//! Tests of `host`.

use super::super::fake::{FakeWorkspace, package};
use super::*;

fn glob(workspace: &FakeWorkspace, of: &str, include: &[&str], exclude: &[&str]) -> String {
    let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    let request = GlobRequest {
        package: package(of),
        include: owned(include),
        exclude: owned(exclude),
    };
    let seen = Seen::new(workspace.description());
    let host = PackageHost::new(&seen, &*workspace.sink);
    match host.glob(&request) {
        Ok(found) => {
            let found: Vec<&str> = found.iter().map(WorkspacePath::as_str).collect();
            found.join(" ")
        }
        Err(diagnostic) => format!("error: {diagnostic}"),
    }
}

#[test]
fn a_glob_finds_files_and_links_to_files_of_its_package_only() {
    let workspace = FakeWorkspace::new(&[
        ("a/BUILD", ""),
        ("a/z.c", ""),
        ("a/b.c", ""),
        ("a/s/c.c", ""),
        ("a/s/t/d.c", ""),
        ("a/nested/BUILD", ""),
        ("a/nested/no.c", ""),
        ("a/ignored/no.c", ""),
        ("a/.git/no.c", ""),
        ("b/no.c", ""),
    ]);
    workspace.link("a/link.c", "z.c");
    workspace.link("a/directory.c", "s");
    workspace.link("a/other", "../b");
    let found = glob(&workspace, "a", &["**/*.c"], &["s/t/*"]);
    assert_eq!(found, "a/b.c a/link.c a/s/c.c a/z.c");
    assert_eq!(glob(&workspace, "a", &["*/*.c"], &[]), "a/s/c.c");
    assert_eq!(glob(&workspace, "a", &["nested/*.c", "other/*"], &[]), "");
    assert_eq!(glob(&workspace, "none", &["**"], &[]), "");
}

#[test]
fn what_is_no_file_is_an_error_only_where_it_matches() {
    let workspace = FakeWorkspace::new(&[("BUILD", ""), ("a.c", "")]);
    workspace.fifo("pipe");
    workspace.link("dead", "nowhere");
    workspace.link("loop", "loop");
    workspace.link("topipe", "pipe");
    assert_eq!(glob(&workspace, "", &["*.c"], &[]), "a.c");
    for (name, part) in [
        ("pipe", "FIFO"),
        ("topipe", "FIFO"),
        ("dead", "leads nowhere"),
        ("loop", "leads nowhere"),
    ] {
        let found = glob(&workspace, "", &[name], &[]);
        assert!(found.starts_with("error: `"), "{found}");
        assert!(found.contains(part), "{found}");
    }
    let all_but = ["pipe", "topipe", "dead", "loop", "BUILD"];
    assert_eq!(glob(&workspace, "", &["*"], &all_but), "a.c");
}

#[test]
fn a_name_that_is_not_utf8_is_an_error_only_where_it_matches() {
    use std::os::unix::ffi::OsStrExt;
    let workspace = FakeWorkspace::new(&[("BUILD", ""), ("a.c", "")]);
    let name = std::ffi::OsStr::from_bytes(b"bad\xff.h");
    crate::sys::fs::write(&workspace.path("").join(name), b"").unwrap();
    assert_eq!(glob(&workspace, "", &["*.c"], &[]), "a.c");
    assert_eq!(glob(&workspace, "", &["*.h"], &["bad*"]), "");
    let found = glob(&workspace, "", &["*.h"], &[]);
    assert_eq!(found, "error: the name of `bad\u{fffd}.h` is not UTF-8");
}

#[test]
fn odd_names_are_found() {
    let names = ["new\nline.c", " space .c", "*.c", "[x].c", "é.c"];
    let mut workspace = FakeWorkspace::new(&[("BUILD", "")]);
    for name in names {
        workspace.write(name, "");
    }
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(glob(&workspace, "", &["*.c"], &[]), expected.join(" "));
    assert_eq!(glob(&workspace, "", &["\\[x\\].c"], &[]), "[x].c");
    workspace = FakeWorkspace::new(&[("BUILD", "")]);
    let long = "x".repeat(255);
    workspace.write(&long, "");
    assert_eq!(glob(&workspace, "", &["x*"], &[]), long);
}

fn read(workspace: &FakeWorkspace, path: &str) -> Result<Option<String>, String> {
    let seen = Seen::new(workspace.description());
    let host = PackageHost::new(&seen, &*workspace.sink);
    let path = WorkspacePath::from_normalised(path).unwrap();
    let read = host.read_file(&path).map_err(|error| error.to_string())?;
    Ok(read.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()))
}

#[test]
fn files_are_read_through_links_that_stay_inside() {
    let workspace = FakeWorkspace::new(&[("a/f", "text"), ("d/g", "")]);
    workspace.link("b/one", "../a/two");
    workspace.link("a/two", workspace.path("a/f"));
    workspace.link("a/out", "../../etc/passwd");
    workspace.link("a/abs", "/etc/passwd");
    workspace.link("a/dead", "x");
    workspace.link("a/loop", "loop");
    workspace.link("dir", "d");
    workspace.fifo("a/pipe");
    assert_eq!(read(&workspace, "b/one"), Ok(Some("text".into())));
    assert_eq!(read(&workspace, "a/none"), Ok(None));
    assert_eq!(read(&workspace, "a/f/x"), Ok(None));
    assert_eq!(read(&workspace, "a/dead"), Ok(None));
    for (path, part) in [
        ("a/out", "is a symbolic link to"),
        ("a/abs", "is a symbolic link to"),
        ("a/loop", "chain of more than"),
        ("dir/g", "`dir` is a symbolic link"),
        ("a/pipe", "not a regular file"),
        ("a", "not a regular file"),
    ] {
        let error = read(&workspace, path).unwrap_err();
        assert!(error.contains(part), "{path}: {error}");
    }
}

#[test]
fn a_file_of_more_than_16_mib_is_refused() {
    let workspace = FakeWorkspace::new(&[("big", "")]);
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(workspace.path("big"))
        .unwrap();
    file.set_len(1 << 40).unwrap();
    let error = read(&workspace, "big").unwrap_err();
    assert!(error.contains("larger than"), "{error}");
}

#[test]
fn the_first_name_of_a_build_file_that_is_present_wins() {
    let workspace = FakeWorkspace::new(&[("a/BUILD", ""), ("b/BUILD/x", "")]);
    let build_file = |of: &str| {
        let seen = Seen::new(workspace.description());
        let host = PackageHost::new(&seen, &*workspace.sink);
        let found = host.build_file(&package(of));
        found.map(|found| found.map_or(String::new(), |path| path.to_string()))
    };
    assert_eq!(build_file("a").unwrap(), "a/BUILD");
    workspace.write("a/BUILD.first", "");
    assert_eq!(build_file("a").unwrap(), "a/BUILD.first");
    assert_eq!(build_file("b").unwrap(), "");
    assert_eq!(build_file("none").unwrap(), "");
    assert_eq!(build_file("ignored").unwrap(), "");
    assert_eq!(build_file("@fs").unwrap(), "");
    workspace.link("linked", "a");
    assert!(build_file("linked").unwrap_err().message.contains("link"));
}
