//! The verifying reader against files that change, and readers that stop early.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::content::fingerprint_file;
use crate::sys::fs;

fn read_after(edit: impl FnOnce(&Path)) -> Result<Vec<u8>, VerifyError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("source.c");
    fs::write(&path, b"int main;").unwrap();
    let fingerprint = fingerprint_file(&path).unwrap();
    edit(&path);
    let mut reader = VerifyingReader::open(&path, &fingerprint)?;
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    reader.finish()?;
    Ok(bytes)
}

fn change_after(edit: impl FnOnce(&Path)) -> Change {
    match read_after(edit) {
        Err(VerifyError::Changed { change, path }) => {
            assert!(path.ends_with("source.c"));
            change
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unchanged_file_reads_as_it_is() {
    assert_eq!(read_after(|_| {}).unwrap(), b"int main;");
}

#[test]
fn a_file_put_back_byte_for_byte_is_fine() {
    let bytes = read_after(|path| {
        fs::write(path, b"other").unwrap();
        fs::write_atomically(path, b"int main;").unwrap();
    });
    assert_eq!(bytes.unwrap(), b"int main;");
}

#[test]
fn each_kind_of_change_is_named() {
    assert_eq!(
        change_after(|path| fs::write(path, b"int mein;").unwrap()),
        Change::Content
    );
    for other in [&b"int"[..], b"", b"int main; // and more"] {
        assert_eq!(
            change_after(|path| fs::write(path, other).unwrap()),
            Change::Length { expected: 9 }
        );
    }
    assert_eq!(
        change_after(|path| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }),
        Change::ExecutableBit
    );
    assert_eq!(
        change_after(|path| fs::remove_file(path).unwrap()),
        Change::Replaced
    );
    assert_eq!(
        change_after(|path| {
            fs::rename(path, &path.with_extension("real")).unwrap();
            symlink("source.real", path).unwrap();
        }),
        Change::Replaced
    );
}

#[test]
fn a_reader_left_before_the_end_is_neither_good_nor_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    fs::write(&path, b"0123456789").unwrap();
    let fingerprint = fingerprint_file(&path).unwrap();
    for length in [0, 5, 10] {
        let mut reader = VerifyingReader::open(&path, &fingerprint).unwrap();
        reader.read_exact(&mut vec![0; length]).unwrap();
        assert!(
            matches!(reader.finish(), Err(VerifyError::HalfRead { .. })),
            "{length} bytes read, the end not seen"
        );
    }
}

#[test]
fn a_source_without_end_is_left_after_one_byte_too_many() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a");
    fs::write(&path, b"0123456789").unwrap();
    let fingerprint = fingerprint_file(&path).unwrap();
    let mut reader = VerifyingReader::new(io::repeat(b'x'), &path, &fingerprint);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 11);
}
