//! Whole directory trees: copying one, listing the files of one.

use std::fs;
use std::path::{Path, PathBuf};

/// Copies the files and links below `from` for which `wanted` holds; a directory that is not wanted is not entered.
///
/// # Panics
/// When a file cannot be read or written.
pub fn copy_tree(from: &Path, to: &Path, wanted: &dyn Fn(&Path) -> bool) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("mkdir {}: {error}", to.display()));
    for source in entries(from).into_iter().filter(|path| wanted(path)) {
        let target = to.join(source.file_name().expect("an entry has a name"));
        if source.is_symlink() {
            let link = fs::read_link(&source).expect("a readable link");
            std::os::unix::fs::symlink(link, &target).expect("a link can be made");
        } else if source.is_dir() {
            copy_tree(&source, &target, wanted);
        } else {
            fs::copy(&source, &target)
                .unwrap_or_else(|error| panic!("copy {}: {error}", source.display()));
        }
    }
}

/// Every file below `directory` for which, and for whose parents, `wanted` holds; sorted.
///
/// # Panics
/// When a directory cannot be listed.
pub fn files_below(directory: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in entries(directory).into_iter().filter(|path| wanted(path)) {
        if path.is_dir() && !path.is_symlink() {
            files.extend(files_below(&path, wanted));
        } else {
            files.push(path);
        }
    }
    files
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("list {}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = listing
        .map(|entry| entry.expect("a readable directory entry").path())
        .collect();
    paths.sort();
    paths
}
