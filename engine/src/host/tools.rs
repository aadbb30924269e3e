//! Finds the host programs that targets declare as tools.

use std::path::{Path, PathBuf};

use kiln_plugin_abi::Digest;

use super::HostFiles;
use crate::failure::{Failure, Outcome};
use crate::sys::fs;

/// Where a bare tool is searched, behind the configured host paths.
const SEARCH: [&str; 2] = ["/usr/bin", "/bin"];

/// A program of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostTool {
    /// Where the action finds it, absolute. May be a link.
    pub path: String,
    /// The bytes of the program at the end of all links.
    pub digest: Digest,
}

/// Why a tool cannot be used.
#[derive(Debug)]
pub enum ToolError {
    /// No directory has it; these were searched.
    NotFound(Vec<PathBuf>),
    /// The machine did not answer.
    Failed(Failure),
}

/// Looks `name` up in `host_paths`, then in `/usr/bin` and `/bin`; never in the
/// caller's `PATH`.
pub fn find_tool(
    name: &str,
    host_paths: &[PathBuf],
    files: &HostFiles,
) -> Result<HostTool, ToolError> {
    let configured = host_paths
        .iter()
        .flat_map(|path| [path.clone(), path.join("bin")]);
    let searched: Vec<PathBuf> = configured.chain(SEARCH.iter().map(PathBuf::from)).collect();
    for directory in &searched {
        let candidate = directory.join(name);
        match examine(&candidate, files) {
            Ok(Some(tool)) => return Ok(tool),
            Ok(None) => {}
            Err(failure) => return Err(ToolError::Failed(failure)),
        }
    }
    Err(ToolError::NotFound(searched))
}

fn examine(candidate: &Path, files: &HostFiles) -> Outcome<Option<HostTool>> {
    let Some(real) = fs::executable_behind(candidate)? else {
        return Ok(None);
    };
    let Some(digest) = files.digest(&real)? else {
        return Ok(None);
    };
    let path = candidate
        .to_str()
        .ok_or_else(|| Failure::environment(&format!("`{}` is not UTF-8", candidate.display())))?;
    Ok(Some(HostTool {
        path: path.to_owned(),
        digest,
    }))
}
