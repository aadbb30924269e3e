//! Composes what one action sees: trees of hard links to contents in place.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiln_plugin_abi::{Diagnostic, WorkspacePath};

use super::contents::{ContentError, ContentId, Contents, Place};
use crate::artifact::Entry;
use crate::sandbox::Layer;
use crate::sys::area::Area;

/// One entry of the tree that an action sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedEntry {
    /// What it is.
    pub entry: Entry,
    /// Which content it has, for files.
    pub content: Option<ContentId>,
    /// Whose it is, for messages: a label or "source file".
    pub owner: String,
}

/// Everything an action sees below one mount point, by path.
#[derive(Debug, Default)]
pub struct InputTree {
    entries: BTreeMap<WorkspacePath, StagedEntry>,
}

impl InputTree {
    /// Adds an entry. One path may come from two inputs only when they agree.
    pub fn add(&mut self, path: WorkspacePath, staged: StagedEntry) -> Result<(), Diagnostic> {
        match self.entries.get(&path) {
            None => {
                self.entries.insert(path, staged);
                Ok(())
            }
            Some(there) if there.entry == staged.entry => Ok(()),
            Some(there) => Err(Diagnostic::error(format!(
                "two inputs put different things at `{path}`"
            ))
            .note(format!(
                "one comes from {}, the other from {}",
                there.owner, staged.owner
            ))
            .hint("remove one of them, or move one with a `group`")),
        }
    }

    /// True when `path` is an input.
    #[must_use]
    pub fn contains(&self, path: &WorkspacePath) -> bool {
        self.entries.contains_key(path)
    }

    /// True when an input lies below the directory `path`.
    #[must_use]
    pub fn reaches_below(&self, path: &str) -> bool {
        let below = format!("{path}/");
        let from = (Bound::Included(below.as_str()), Bound::Unbounded);
        let mut behind = self.entries.range::<str, _>(from);
        behind
            .next()
            .is_some_and(|(first, _)| first.as_str().starts_with(&below))
    }

    /// True when nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&WorkspacePath, &StagedEntry)> {
        self.entries.iter()
    }
}

/// A small file that the engine itself puts into a tree.
#[derive(Debug)]
pub struct ExtraFile {
    /// Where.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Trees on up to two file systems that together show an [`InputTree`].
/// Everything is removed again when the value is dropped.
#[derive(Debug)]
pub struct StagedTree {
    contents: Arc<Contents>,
    memory: Option<Tree>,
    disk: Option<Tree>,
}

impl StagedTree {
    /// Composes `tree` and `extra`.
    pub fn compose(
        contents: &Arc<Contents>,
        tree: &InputTree,
        extra: &[ExtraFile],
    ) -> Result<StagedTree, ContentError> {
        let mut staged = StagedTree {
            contents: contents.clone(),
            memory: None,
            disk: None,
        };
        for (path, entry) in tree.iter() {
            staged.add(path.as_str(), entry)?;
        }
        for file in extra {
            staged.memory()?.write(&file.path, &file.bytes)?;
        }
        for tree in [&staged.memory, &staged.disk].into_iter().flatten() {
            tree.date_directories()?;
        }
        Ok(staged)
    }

    /// The layers that show the trees.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        let memory = self
            .memory
            .iter()
            .map(|tree| Layer::RunArea(PathBuf::from(&tree.root)));
        let disk = self
            .disk
            .iter()
            .map(|tree| Layer::Disk(tree.area().path().join(&tree.root)));
        memory.chain(disk).collect()
    }

    fn add(&mut self, path: &str, staged: &StagedEntry) -> Result<(), ContentError> {
        match (&staged.entry, staged.content) {
            (Entry::File { .. }, Some(content)) => match self.contents.place(content)? {
                Place::Memory(from) => self.memory()?.link(&from, path),
                Place::Disk(from) => self.disk()?.link(&from, path),
                Place::Blob(from) => self.disk()?.link_blob(&from, path),
            },
            (Entry::File { digest, .. }, None) => Err(ContentError::Lost(*digest)),
            (Entry::Link { target }, _) => self.memory()?.make_symlink(target, path),
            (Entry::Directory, _) => self.memory()?.make_directory(path),
        }
    }

    fn memory(&mut self) -> Result<&mut Tree, ContentError> {
        tree_in(&mut self.memory, Medium::Memory, &self.contents)
    }

    fn disk(&mut self) -> Result<&mut Tree, ContentError> {
        tree_in(&mut self.disk, Medium::Disk, &self.contents)
    }
}

fn tree_in<'t>(
    slot: &'t mut Option<Tree>,
    medium: Medium,
    contents: &Arc<Contents>,
) -> Result<&'t mut Tree, ContentError> {
    match slot {
        Some(tree) => Ok(tree),
        None => Ok(slot.insert(Tree::create(contents, medium)?)),
    }
}

/// Which of the run's areas a tree lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Medium {
    Memory,
    Disk,
}

/// A tree of links in one area, removed when dropped.
#[derive(Debug)]
struct Tree {
    contents: Arc<Contents>,
    medium: Medium,
    root: String,
    directories: Vec<String>,
    made: HashSet<String>,
    files: Vec<String>,
}

impl Tree {
    fn create(contents: &Arc<Contents>, medium: Medium) -> Result<Tree, ContentError> {
        let tree = Tree {
            contents: contents.clone(),
            medium,
            root: format!("tree-{}", contents.next_number()),
            directories: Vec::new(),
            made: HashSet::new(),
            files: Vec::new(),
        };
        tree.area().make_dir(&tree.root)?;
        Ok(tree)
    }

    fn area(&self) -> &Area {
        match self.medium {
            Medium::Memory => self.contents.areas().memory(),
            Medium::Disk => self.contents.areas().disk(),
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    fn link(&mut self, from: &str, path: &str) -> Result<(), ContentError> {
        self.make_parents(path)?;
        self.area().link(from, &self.at(path))?;
        self.files.push(path.to_owned());
        Ok(())
    }

    fn link_blob(&mut self, from: &Path, path: &str) -> Result<(), ContentError> {
        self.make_parents(path)?;
        self.area().link_from(from, &self.at(path))?;
        self.files.push(path.to_owned());
        Ok(())
    }

    fn make_symlink(&mut self, text: &str, path: &str) -> Result<(), ContentError> {
        self.make_parents(path)?;
        self.area().make_symlink(text, &self.at(path))?;
        self.files.push(path.to_owned());
        Ok(())
    }

    fn write(&mut self, path: &str, mut bytes: &[u8]) -> Result<(), ContentError> {
        self.make_parents(path)?;
        self.area().write_file(&self.at(path), false, &mut bytes)?;
        self.files.push(path.to_owned());
        Ok(())
    }

    fn make_parents(&mut self, path: &str) -> Result<(), ContentError> {
        match path.rsplit_once('/') {
            Some((parent, _)) => self.make_directory(parent),
            None => Ok(()),
        }
    }

    fn make_directory(&mut self, path: &str) -> Result<(), ContentError> {
        if self.made.contains(path) {
            return Ok(());
        }
        // Ancestors first, without recursion: paths may be 2,000 levels deep.
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        for end in ends {
            let directory = &path[..end];
            if self.made.insert(directory.to_owned()) {
                self.area().make_dir(&self.at(directory))?;
                self.directories.push(directory.to_owned());
            }
        }
        Ok(())
    }

    fn date_directories(&self) -> Result<(), ContentError> {
        for directory in &self.directories {
            self.area().set_constant_time(&self.at(directory))?;
        }
        Ok(self.area().set_constant_time(&self.root)?)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // What cannot be removed now goes with the whole area at the end.
        for file in &self.files {
            let _ = self.area().remove_file(&self.at(file));
        }
        for directory in self.directories.iter().rev() {
            let _ = self.area().remove_dir(&self.at(directory));
        }
        let _ = self.area().remove_dir(&self.root);
    }
}
