//! The artifact of a file whose contents stand in its declaration.

use kiln_plugin_abi::{Digest, InlineFile, OutputGroup};

use crate::artifact::Artifact;
use crate::artifact::Root;
use crate::artifact::{Listing, ListingError};

/// The one output group of `file`, and the digest of its contents.
pub fn inline_artifact(
    file: &InlineFile,
    group: &OutputGroup,
) -> Result<(Artifact, Digest), ListingError> {
    let digest = Digest::of(&file.content);
    let mut roots = Vec::new();
    let mut entries = Vec::new();
    for output in &group.outputs {
        roots.push(Root {
            path: output.path.clone(),
            kind: output.kind,
        });
        let entry = crate::artifact::Entry::File {
            digest,
            executable: file.executable,
        };
        entries.push((output.path.clone(), entry));
    }
    let listing = Listing::new(entries)?;
    Ok((Artifact::new(roots.into(), listing), digest))
}
