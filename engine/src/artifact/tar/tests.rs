//! The canonical tar: round trips, and one archive for each thing that must be
//! refused.

use std::collections::HashMap;
use std::io::Read;

use kiln_plugin_abi::Digest;
use proptest::prelude::*;

use super::header::{BLOCK, Kind, Member};
use super::*;

/// Contents in memory, as source and as sink.
#[derive(Default, Debug, PartialEq)]
struct Contents {
    by_digest: HashMap<Digest, Vec<u8>>,
    received: Vec<(String, bool, Vec<u8>)>,
}

impl Contents {
    fn add(&mut self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.by_digest.insert(digest, bytes.to_vec());
        digest
    }
}

impl ContentSource for Contents {
    fn open(&self, digest: &Digest, _: bool) -> io::Result<Box<dyn Read + '_>> {
        match self.by_digest.get(digest) {
            Some(bytes) => Ok(Box::new(bytes.as_slice())),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Sink for Contents {
    fn file(
        &mut self,
        path: &WorkspacePath,
        executable: bool,
        content: &mut dyn Read,
    ) -> io::Result<()> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        self.received
            .push((path.as_str().to_owned(), executable, bytes));
        Ok(())
    }
}

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::from_normalised(text).unwrap()
}

/// A listing with everything in it that has a form of its own.
fn everything() -> (Listing, Contents) {
    let mut contents = Contents::default();
    let mut file = |place: &str, bytes: &[u8], executable| {
        let digest = contents.add(bytes);
        (path(place), Entry::File { digest, executable })
    };
    let long = vec!["d".repeat(200); 20].join("/");
    let mut entries = vec![
        file("a", b"", false),
        file("a-b/x", b"1234", true),
        file("c/exactly", &[7; 512], false),
        file("c/more", &[7; 513], false),
        file("größe/ü\nmlaut", b"text", false),
        file(&"n".repeat(255), b"long name", false),
        file(&long, b"long path", true),
    ];
    entries.push((path("empty/directory"), Entry::Directory));
    let target = format!("../{}", "t".repeat(200)).into();
    entries.push((path("links/long"), Entry::Link { target }));
    let target = "../a".into();
    entries.push((path("links/short"), Entry::Link { target }));
    (Listing::new(entries).unwrap(), contents)
}

fn archive(listing: &Listing, contents: &Contents) -> Vec<u8> {
    let mut bytes = Vec::new();
    let digest = write(listing, contents, &mut bytes).unwrap();
    assert_eq!(digest, Digest::of(&bytes));
    bytes
}

fn read_bytes(bytes: &[u8]) -> Result<(Listing, Contents), TarError> {
    let mut sink = Contents::default();
    let listing = read(bytes, &mut sink)?;
    Ok((listing, sink))
}

#[test]
fn an_archive_reads_back_as_the_listing_and_bytes_it_was_made_of() {
    let (listing, contents) = everything();
    let bytes = archive(&listing, &contents);
    let (again, sink) = read_bytes(&bytes).unwrap();
    assert_eq!(again, listing);
    for ((place, digest, executable), received) in listing.files().zip(&sink.received) {
        let expected = contents.by_digest[&digest].clone();
        assert_eq!(*received, (place.as_str().to_owned(), executable, expected));
    }
    assert_eq!(archive(&again, &contents), bytes);
}

#[test]
fn a_size_beyond_eleven_octal_digits_round_trips() {
    for size in [0o777_7777_7777, 0o1_0000_0000_0000, u64::MAX] {
        let kind = Kind::File {
            size,
            executable: false,
        };
        let blocks = Member {
            path: "big".into(),
            kind,
        }
        .encode();
        let cut = read_bytes(&blocks).unwrap_err();
        assert!(cut.to_string().contains("ends within a file"), "{cut}");
    }
}

#[test]
fn a_source_with_other_bytes_is_noticed() {
    let (listing, mut contents) = everything();
    for bytes in [&b"4321"[..], b"123", b"12345"] {
        contents
            .by_digest
            .insert(Digest::of(b"1234"), bytes.to_vec());
        let error = write(&listing, &contents, io::sink()).unwrap_err();
        assert!(matches!(error, TarError::WrongContent { path } if path.as_str() == "a-b/x"));
    }
}

#[test]
fn every_cut_and_every_addition_is_refused() {
    let (listing, contents) = everything();
    let bytes = archive(&listing, &contents);
    for length in (0..bytes.len()).step_by(397).chain([bytes.len() - 1]) {
        assert!(read_bytes(&bytes[..length]).is_err(), "cut at {length}");
    }
    for more in [&[0][..], &[0; BLOCK], &bytes] {
        assert!(read_bytes(&[&bytes, more].concat()).is_err());
    }
}

fn file(place: &str, size: u64) -> Vec<u8> {
    let executable = false;
    let kind = Kind::File { size, executable };
    let path = place.to_owned();
    Member { path, kind }.encode()
}

fn link(place: &str, target: &str) -> Vec<u8> {
    let kind = Kind::Link {
        target: target.to_owned(),
    };
    let path = place.to_owned();
    Member { path, kind }.encode()
}

fn directory(place: &str) -> Vec<u8> {
    let kind = Kind::Directory;
    let path = place.to_owned();
    Member { path, kind }.encode()
}

/// Changes the last header block of `blocks` and makes its checksum right.
fn edit(mut blocks: Vec<u8>, start: usize, bytes: &[u8]) -> Vec<u8> {
    let header = blocks.len() - BLOCK;
    blocks[header + start..][..bytes.len()].copy_from_slice(bytes);
    blocks[header + 148..][..8].copy_from_slice(b"        ");
    let sum: u32 = blocks[header..].iter().map(|byte| u32::from(*byte)).sum();
    blocks[header + 148..][..8].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    blocks
}

fn pax(records: &str, then: Vec<u8>) -> Vec<u8> {
    let mut header = file("PaxHeader", records.len() as u64);
    header = edit(header, 156, b"x");
    header.extend(records.bytes());
    header.resize(header.len().next_multiple_of(BLOCK), 0);
    [header, then].concat()
}

fn is_refused(members: &[Vec<u8>], why: &str) {
    let mut bytes = members.concat();
    bytes.extend([0; 2 * BLOCK]);
    assert!(read_bytes(&bytes).is_err(), "accepted: {why}");
}

#[test]
fn paths_that_are_not_allowed_are_refused() {
    is_refused(&[file("/etc/passwd", 0)], "absolute");
    is_refused(&[file("../x", 0)], "leading dots");
    is_refused(&[directory("a"), file("a/../x", 0)], "dots within");
    is_refused(&[file("./x", 0)], "dot");
    is_refused(&[file("", 0)], "empty name");
    is_refused(&[file("a//b", 0)], "empty segment");
    is_refused(&[edit(file("ab", 0), 1, b"\0c")], "NUL and more");
    is_refused(&[file(&"n".repeat(256), 0)], "long name");
    is_refused(&[file(&vec!["d"; 2050].join("/"), 0)], "long path");
    is_refused(&[edit(file("a", 0), 345, b"prefix")], "ustar prefix");
    is_refused(&[edit(file("a", 0), 0, b"\xff")], "not UTF-8");
}

#[test]
fn links_that_are_not_allowed_are_refused() {
    is_refused(&[link("a", "/etc/passwd")], "absolute");
    is_refused(&[link("a", "../x")], "leaves");
    is_refused(&[directory("d"), link("d/a", "x/../../..")], "leaves later");
    is_refused(&[link("a", "b"), file("a/x", 0)], "path through a link");
    is_refused(&[link("a", "b"), directory("a")], "link, then directory");
    is_refused(&[link("a", "")], "empty");
    is_refused(&[edit(link("a", "b"), 156, b"1")], "hard link");
    is_refused(
        &[edit(link("a", "b"), 124, b"00000000001")],
        "link with a size",
    );
}

#[test]
fn kinds_modes_and_times_are_the_canonical_ones() {
    for kind in [
        &b"3"[..],
        b"4",
        b"6",
        b"7",
        b"\0",
        b"g",
        b"L",
        b"K",
        b"S",
        b"V",
        b"A",
    ] {
        is_refused(&[edit(file("a", 0), 156, kind)], "kind");
    }
    is_refused(&[edit(file("a", 0), 100, b"0004755")], "setuid");
    is_refused(&[edit(file("a", 0), 100, b"0000666")], "world writable");
    is_refused(&[edit(directory("a"), 100, b"0000700")], "directory mode");
    is_refused(&[edit(file("a", 0), 108, b"0001750")], "uid");
    is_refused(&[edit(file("a", 0), 136, b"00000000000")], "mtime");
    is_refused(&[edit(file("a", 0), 265, b"root")], "user name");
    is_refused(&[edit(file("a", 0), 257, b"ustar  \0")], "GNU magic");
    is_refused(
        &[edit(directory("a"), 0, b"b\0")],
        "directory without slash",
    );
}

#[test]
fn numbers_and_checksums_must_be_exact() {
    is_refused(&[edit(file("a", 0), 124, b"-0000000001")], "negative");
    is_refused(&[edit(file("a", 0), 124, b"0000000000 ")], "space");
    is_refused(
        &[edit(file("a", 0), 124, b"\x80\0\0\0\0\0\0\0\0\0\x01")],
        "base 256",
    );
    is_refused(&[edit(file("a", 0), 124, b"garbage!!!!")], "garbage");
    let mut wrong = file("a", 0);
    wrong[148] ^= 1;
    is_refused(&[wrong], "checksum");
    is_refused(&[file("a", 1 << 40)], "larger than the data");
    is_refused(
        &[file("a", 3), b"abc".to_vec(), vec![1; BLOCK - 3]],
        "padding",
    );
}

#[test]
fn pax_records_are_the_needed_ones_only() {
    let long = "p".repeat(150);
    let record = format!("160 path={long}\n");
    let proper = file(&long, 0);
    let short = || proper[2 * BLOCK..].to_vec();
    assert_eq!(pax(&record, short()), proper, "the helper is right");
    is_refused(
        &[pax("8 path=a\n", file("a", 0))],
        "not needed, wrong length",
    );
    is_refused(&[pax("9 path=a\n", file("a", 0))], "not needed");
    is_refused(&[pax(&format!("{record}{record}"), short())], "twice");
    is_refused(
        &[pax(&format!("{record}9 size=0\n"), short())],
        "size not needed",
    );
    is_refused(
        &[pax(&format!("{record}12 mtime=10\n"), short())],
        "unknown",
    );
    is_refused(&[pax(&record.replace("160", "161"), short())], "overrun");
    is_refused(
        &[pax(&record.replace("160", "99999999999999999999"), short())],
        "overflow",
    );
    is_refused(&[pax(&record.replace("160", "+160"), short())], "sign");
    is_refused(&[pax("", file("a", 0))], "no record");
    is_refused(&[pax(&record, pax(&record, short()))], "two headers");
    is_refused(
        &[edit(
            pax(&record, vec![])[..BLOCK].to_vec(),
            124,
            b"77777777777",
        )],
        "bomb",
    );
    is_refused(&[pax(&record, vec![])], "nothing follows");
}

#[test]
fn order_and_completeness_are_demanded() {
    is_refused(&[file("b", 0), file("a", 0)], "order");
    is_refused(&[file("a", 0), file("a", 0)], "twice");
    is_refused(&[file("a/b", 0)], "implied directory missing");
    is_refused(&[file("a", 0), file("a/b", 0)], "below a file");
    is_refused(&[vec![0; BLOCK], file("a", 0)], "lone zero block");
}

proptest! {
    #[test]
    fn what_reads_is_what_would_be_written(position in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (listing, contents) = everything();
        let mut bytes = archive(&listing, &contents);
        let index = position.index(bytes.len());
        bytes[index] ^= 1 << bit;
        if let Ok((listing, sink)) = read_bytes(&bytes) {
            let mut contents = Contents::default();
            for (_, _, bytes) in &sink.received {
                contents.add(bytes);
            }
            prop_assert_eq!(archive(&listing, &contents), bytes);
        }
    }
}
