//! Listings against a naive model, and records that were tampered with.

use std::collections::BTreeMap;

use kiln_proto::listing as proto;
use proptest::prelude::*;
use prost::Message;

use super::*;

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::from_normalised(text).unwrap()
}

fn file(text: &str, content: &str) -> (WorkspacePath, Entry) {
    let entry = Entry::File {
        digest: Digest::of(content.as_bytes()),
        executable: false,
    };
    (path(text), entry)
}

fn link(text: &str, target: &str) -> (WorkspacePath, Entry) {
    let target = target.into();
    (path(text), Entry::Link { target })
}

fn directory(text: &str) -> (WorkspacePath, Entry) {
    (path(text), Entry::Directory)
}

/// Trees as nested maps: the model that the flat form must agree with.
#[derive(Debug, Clone)]
enum Node {
    File(u8, bool),
    Link,
    Directory(BTreeMap<String, Node>),
}

fn trees() -> impl Strategy<Value = BTreeMap<String, Node>> {
    let names = || "[a-c.-]{1,3}".prop_filter("a name", |name| name != "." && name != "..");
    let leaf = prop_oneof![
        (0u8..4, any::<bool>()).prop_map(|(content, executable)| Node::File(content, executable)),
        Just(Node::Link),
    ];
    let node = leaf.prop_recursive(4, 40, 5, move |inner| {
        proptest::collection::btree_map(names(), inner, 0..5).prop_map(Node::Directory)
    });
    proptest::collection::btree_map(names(), node, 0..6)
}

fn flatten(prefix: &str, tree: &BTreeMap<String, Node>, entries: &mut Vec<(WorkspacePath, Entry)>) {
    for (name, node) in tree {
        let place = format!("{prefix}{name}");
        match node {
            Node::File(content, executable) => {
                let digest = Digest::of(&[*content]);
                let executable = *executable;
                entries.push((path(&place), Entry::File { digest, executable }));
            }
            Node::Link => entries.push(link(&place, "../x")),
            Node::Directory(below) => {
                entries.push(directory(&place));
                flatten(&format!("{place}/"), below, entries);
            }
        }
    }
}

fn naive_directory(tree: &BTreeMap<String, Node>) -> proto::Directory {
    let message = |digest: Digest| {
        Some(proto::Digest {
            hash: digest.hex(),
            size_bytes: i64::try_from(digest.size()).unwrap(),
        })
    };
    let mut directory = proto::Directory::default();
    for (name, node) in tree {
        let name = name.clone();
        match node {
            Node::File(content, is_executable) => directory.files.push(proto::FileNode {
                name,
                digest: message(Digest::of(&[*content])),
                is_executable: *is_executable,
            }),
            Node::Link => directory.symlinks.push(proto::SymlinkNode {
                name,
                target: "../x".into(),
            }),
            Node::Directory(below) => {
                let below = naive_directory(below).encode_to_vec();
                let digest = message(Digest::of(&below));
                directory
                    .directories
                    .push(proto::DirectoryNode { name, digest });
            }
        }
    }
    directory
}

/// Below one directory, so that links to `../x` stay inside.
fn entries_of(tree: &BTreeMap<String, Node>) -> Vec<(WorkspacePath, Entry)> {
    let mut entries = Vec::new();
    flatten("top/", tree, &mut entries);
    entries
}

proptest! {
    #[test]
    fn a_listing_has_the_digest_of_the_naive_nested_tree(tree in trees()) {
        let top = BTreeMap::from([("top".to_owned(), Node::Directory(tree.clone()))]);
        let mut entries = Vec::new();
        flatten("", &top, &mut entries);
        let listing = Listing::new(entries).unwrap();
        prop_assert_eq!(listing.digest(), Digest::of(&naive_directory(&top).encode_to_vec()));
    }

    #[test]
    fn order_and_repetition_mean_nothing(tree in trees(), seed in any::<u64>()) {
        let entries = entries_of(&tree);
        let listing = Listing::new(entries.clone()).unwrap();
        let mut shuffled = [entries.clone(), entries].concat();
        shuffled.sort_by_key(|(path, _)| xxhash_rust::xxh3::xxh3_64_with_seed(path.as_str().as_bytes(), seed));
        prop_assert_eq!(Listing::new(shuffled).unwrap(), listing);
    }

    #[test]
    fn a_record_reads_back_as_what_was_written(tree in trees()) {
        let listing = Listing::new(entries_of(&tree)).unwrap();
        let record = listing.encode();
        prop_assert_eq!(&Listing::decode(&record).unwrap(), &listing);
        let flat = listing.encode_flat();
        prop_assert_eq!(Listing::decode_flat(flat.into(), listing.digest()).unwrap(), listing);
    }

    #[test]
    fn what_decodes_is_what_would_be_encoded(tree in trees(), position in any::<prop::sample::Index>(), bit in 0u8..8) {
        let mut record = Listing::new(entries_of(&tree)).unwrap().encode();
        prop_assume!(!record.is_empty());
        let index = position.index(record.len());
        record[index] ^= 1 << bit;
        if let Ok(listing) = Listing::decode(&record) {
            prop_assert_eq!(listing.encode(), record);
        }
    }
}

#[test]
fn the_digest_is_that_of_the_remote_execution_api() {
    // Directory { files: [{ name: "a", digest: { hash: "<of nothing>" } }] }, by hand.
    let hash = Digest::of(b"").hex();
    let mut expected = vec![0x0a, 71, 0x0a, 1, b'a', 0x12, 66, 0x0a, 64];
    expected.extend(hash.bytes());
    let listing = Listing::new(vec![file("a", "")]).unwrap();
    assert_eq!(listing.digest(), Digest::of(&expected));
    assert_eq!(Listing::new(vec![]).unwrap().digest(), Digest::of(b""));
}

#[test]
fn directories_that_hold_something_are_implied() {
    let given = vec![
        directory("a"),
        file("a-b", ""),
        directory("a/b"),
        file("a/b/c", ""),
    ];
    let listing = Listing::new(given).unwrap();
    assert_eq!(listing.entries(), [file("a-b", ""), file("a/b/c", "")]);
    assert_eq!(listing.below(&path("a")), [file("a/b/c", "")]);
    assert_eq!(listing.get(&path("a-b")), Some(&file("a-b", "").1));
    assert_eq!(listing.get(&path("a")), None);
}

#[test]
fn two_things_at_one_place_are_a_conflict() {
    let deep = ["a", "a-b", "a/c"];
    for (entries, place) in [
        (vec![file("x", "1"), file("x", "2")], "x"),
        (vec![file("x", "1"), directory("x")], "x"),
        (vec![link("x", "y"), file("x", "1")], "x"),
        (vec![file("x", "1"), file("x/y", "1")], "x"),
        (deep.map(|name| file(name, "")).to_vec(), "a"),
        (
            vec![link("d/x", "y"), file("d/x-", ""), directory("d/x/z")],
            "d/x",
        ),
    ] {
        assert_eq!(
            Listing::new(entries),
            Err(ListingError::Conflict { path: path(place) })
        );
    }
}

#[test]
fn paths_and_links_that_cannot_be_are_refused() {
    let long_name = "n".repeat(256);
    let long_path = vec!["d"; 2050].join("/");
    for place in ["", &long_name, &long_path] {
        let error = Listing::new(vec![file(place, "")]).unwrap_err();
        assert_eq!(error, ListingError::Path { path: path(place) });
    }
    for target in ["/etc/passwd", "../../x", "a/../../x", ""] {
        let error = Listing::new(vec![link("d/x", target)]).unwrap_err();
        assert!(matches!(error, ListingError::Link { .. }), "{target:?}");
    }
    assert!(Listing::new(vec![file(&"n".repeat(255), "")]).is_ok());
}

#[test]
fn a_thousand_levels_and_many_files_are_fine() {
    let deep = file(&vec!["d"; 1000].join("/"), "x");
    let mut entries = vec![deep];
    entries.extend((0..10_000).map(|number| file(&format!("wide/{}/{number}", number % 100), "x")));
    let listing = Listing::new(entries).unwrap();
    assert_eq!(Listing::decode(&listing.encode()).unwrap(), listing);
}

#[test]
fn equal_directories_are_stored_once() {
    let content = "x".repeat(200);
    let many: Vec<_> = (0..50)
        .map(|number| file(&format!("{number}/name/of/file"), &content))
        .collect();
    let one = Listing::new(many[..1].to_vec()).unwrap().encode().len();
    let all = Listing::new(many).unwrap().encode().len();
    assert!(all < one + 50 * 100, "{all} bytes for 50 times {one}");
}

fn tampered(edit: impl FnOnce(&mut proto::Tree, &mut proto::Directory)) -> ListingError {
    let listing = Listing::new(vec![file("a", "1"), file("b", "2"), file("d/x", "3")]).unwrap();
    let mut tree = proto::Tree::decode(&*listing.encode()).unwrap();
    let mut root = proto::Directory::decode(tree.root.clone()).unwrap();
    edit(&mut tree, &mut root);
    tree.root = root.encode_to_vec().into();
    Listing::decode(&tree.encode_to_vec()).unwrap_err()
}

#[test]
fn a_record_that_is_not_canonical_is_refused() {
    let refused = |error: ListingError| match error {
        ListingError::Malformed { .. }
        | ListingError::Conflict { .. }
        | ListingError::Path { .. } => {}
        other => panic!("{other}"),
    };
    refused(tampered(|_, root| root.files.swap(0, 1)));
    refused(tampered(|_, root| root.files.push(root.files[0].clone())));
    for name in ["", ".", "..", "x/y", "../x", "a\0"] {
        refused(tampered(|_, root| root.files[0].name = name.into()));
    }
    refused(tampered(|_, root| root.files[0].digest = None));
    refused(tampered(|_, root| {
        root.files[0].digest.as_mut().unwrap().size_bytes = -1;
    }));
    refused(tampered(|_, root| {
        let digest = root.files[0].digest.as_mut().unwrap();
        digest.hash = digest.hash.to_uppercase();
    }));
    refused(tampered(|tree, _| tree.children.clear()));
    refused(tampered(|tree, _| {
        tree.children.push(tree.children[0].clone());
    }));
    refused(tampered(|tree, _| tree.children.push(bytes::Bytes::new())));
    refused(tampered(|tree, _| {
        tree.children[0] = b"\xff".as_slice().into();
    }));
    assert!(Listing::decode(b"\xff").is_err());
}

#[test]
fn a_record_that_unfolds_without_end_is_refused() {
    let mut children = vec![bytes::Bytes::new()];
    for _ in 0..40 {
        let below = Digest::of(children.last().unwrap());
        let digest = Some(proto::Digest {
            hash: below.hex(),
            size_bytes: i64::try_from(below.size()).unwrap(),
        });
        let directories = ["a", "b"].map(|name| proto::DirectoryNode {
            name: name.into(),
            digest: digest.clone(),
        });
        let level = proto::Directory {
            directories: directories.to_vec(),
            ..Default::default()
        };
        children.push(level.encode_to_vec().into());
    }
    let root = children.pop().unwrap();
    let bomb = proto::Tree { root, children }.encode_to_vec();
    assert_eq!(Listing::decode(&bomb), Err(ListingError::TooMany));
}

#[test]
fn a_flat_record_that_makes_no_listing_is_refused() {
    let digest = Digest::of(b"");
    let entry = |path: &str| proto::FlatEntry {
        path: path.into(),
        sha256: digest.sha256().to_vec().into(),
        ..Default::default()
    };
    let decode = |entries: &[proto::FlatEntry]| {
        let entries = entries.to_vec();
        Listing::decode_flat(proto::Flat { entries }.encode_to_vec().into(), digest)
    };
    assert!(decode(&[entry("a"), entry("b")]).is_ok());
    assert!(decode(&[entry("b"), entry("a")]).is_err());
    assert!(decode(&[entry("a"), entry("a")]).is_err());
    for path in ["", "/a", "../a", "a//b", &"n".repeat(256)] {
        assert!(decode(&[entry(path)]).is_err(), "{path:?}");
    }
    let short = proto::FlatEntry {
        sha256: "short".into(),
        ..entry("a")
    };
    let unknown = proto::FlatEntry {
        kind: 9,
        ..entry("a")
    };
    let escaping = proto::FlatEntry {
        kind: 2,
        target: "../x".into(),
        ..entry("a")
    };
    for wrong in [short, unknown, escaping] {
        assert!(decode(&[wrong]).is_err());
    }
    assert!(Listing::decode_flat(b"\xff".as_slice().into(), digest).is_err());
}
