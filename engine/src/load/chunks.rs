//! Targets as a sequence of length-delimited lists, so that several threads can
//! read and write the targets of one large package.

use kiln_plugin_abi::wire::{Reader, WireError, write_target};
use kiln_plugin_abi::{PackagePath, Target};
use kiln_proto::target::TargetList;
use prost::Message;
use rayon::prelude::*;

/// Targets in a list. Some dozens would do for the threads; more of them share
/// the text of their package and file.
const LIST: usize = 256;

/// Appends `targets` to `record`.
pub(super) fn write(targets: &[Target], record: &mut Vec<u8>) -> Result<(), WireError> {
    for list in targets.chunks(LIST) {
        let targets = list.iter().map(write_target).collect::<Result<_, _>>()?;
        TargetList { targets }
            .encode_length_delimited(record)
            .expect("a vector grows as needed");
    }
    Ok(())
}

/// Reads what [`write`] appended; `None` when it is anything else than `count`
/// targets of `package`, sorted by name.
pub(super) fn read(mut bytes: &[u8], package: &PackagePath, count: u32) -> Option<Vec<Target>> {
    let mut lists = Vec::new();
    while !bytes.is_empty() {
        let length = prost::decode_length_delimiter(&mut bytes).ok()?;
        let (list, rest) = bytes.split_at_checked(length)?;
        lists.push(list);
        bytes = rest;
    }
    let parts: Option<Vec<Vec<Target>>> = match lists.len() {
        0 | 1 => lists.into_iter().map(read_list).collect(),
        _ => lists.into_par_iter().map(read_list).collect(),
    };
    let mut targets = Vec::with_capacity(count.min(1 << 24) as usize);
    targets.extend(parts?.into_iter().flatten());
    let fits = targets.len() == count as usize
        && targets.is_sorted_by(|a, b| a.label.name() < b.label.name())
        && targets.iter().all(|target| {
            target.label.package() == package && target.label.parameters().is_empty()
        });
    fits.then_some(targets)
}

fn read_list(bytes: &[u8]) -> Option<Vec<Target>> {
    let list = TargetList::decode(bytes).ok()?;
    let mut reader = Reader::new();
    let targets = list.targets.into_iter();
    targets.map(|target| reader.target(target).ok()).collect()
}
