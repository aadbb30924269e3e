//! Brings contents into the run-private area: each once per run, and sources
//! only through the verifying reader.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use dashmap::DashMap;
use kiln_plugin_abi::{Digest, WorkspacePath};

use crate::content::{ContentHasher, Source, VerifyError, VerifyingReader};
use crate::graph::FileId;
use crate::store::{Content, Store};
use crate::sys::area::Area;
use crate::sys::fs::{FsError, FsResult};

/// A source file of the run: where its bytes are, and what they must be.
#[derive(Debug, Clone)]
pub struct RunSource {
    /// Absolute path of the file that holds the bytes.
    pub file: PathBuf,
    /// As users write it.
    pub path: WorkspacePath,
    /// What was found when the run began.
    pub source: Source,
}

/// Which content is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentId {
    /// A source file of this run.
    Source(FileId),
    /// Anything with this digest, with or without the exec bit.
    Digest(Digest, bool),
}

/// Where a content stands, ready to be linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the area in memory.
    Memory(String),
    /// In the area on disk.
    Disk(String),
    /// In the store; may be linked into the area on disk.
    Blob(PathBuf),
}

/// Why a content cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// A source is not what it was when the run began.
    #[error("`{path}` changed while the build was running: {reason}")]
    SourceChanged {
        /// The source as users write it.
        path: WorkspacePath,
        /// What is different.
        reason: String,
    },
    /// The store does not have it any more.
    #[error("the store lost the content {0:?}")]
    Lost(Digest),
    /// The machine did not do what was asked.
    #[error(transparent)]
    Fs(#[from] FsError),
}

type Slot = Arc<OnceLock<Place>>;

/// All contents of a run.
#[derive(Debug)]
pub struct Contents {
    sources: Vec<RunSource>,
    source_by_digest: HashMap<(Digest, bool), FileId>,
    inline: Mutex<HashMap<Digest, Arc<[u8]>>>,
    store: Arc<Store>,
    areas: OnceLock<RunAreas>,
    placed: DashMap<ContentId, (Slot, Arc<Mutex<()>>)>,
    next: AtomicU64,
}

/// The places that contents are brought to.
#[derive(Debug)]
pub struct RunAreas {
    memory: Area,
    disk: Area,
    memory_left: AtomicU64,
}

impl RunAreas {
    /// Areas on a memory file system, of which `memory_bytes` may be used, and
    /// beside the store's files, on one file system with them.
    pub fn new(memory: Area, disk: Area, memory_bytes: u64) -> FsResult<RunAreas> {
        memory.make_dir("contents")?;
        disk.make_dir("contents")?;
        let memory_left = AtomicU64::new(memory_bytes);
        Ok(RunAreas {
            memory,
            disk,
            memory_left,
        })
    }

    /// The area in memory.
    #[must_use]
    pub fn memory(&self) -> &Area {
        &self.memory
    }

    /// The area on disk.
    #[must_use]
    pub fn disk(&self) -> &Area {
        &self.disk
    }

    fn of(&self, place: &Place) -> &Area {
        match place {
            Place::Memory(_) => &self.memory,
            Place::Disk(_) | Place::Blob(_) => &self.disk,
        }
    }
}

impl Contents {
    /// Contents of a run over `sources`, indexed by [`FileId`].
    #[must_use]
    pub fn new(sources: Vec<RunSource>, store: Arc<Store>) -> Contents {
        let by_digest = sources.iter().enumerate().map(|(index, source)| {
            let fingerprint = &source.source.fingerprint;
            (
                (fingerprint.digest, fingerprint.executable),
                FileId(index as u32),
            )
        });
        Contents {
            source_by_digest: by_digest.collect(),
            sources,
            inline: Mutex::default(),
            store,
            areas: OnceLock::new(),
            placed: DashMap::new(),
            next: AtomicU64::new(0),
        }
    }

    /// Gives the contents their areas, once, before the first action is staged.
    pub fn provide(&self, areas: RunAreas) {
        // A second set of areas would be dropped here, unused.
        let _ = self.areas.set(areas);
    }

    /// The areas.
    ///
    /// # Panics
    /// Before [`Contents::provide`]: staging without a sandbox is a defect.
    #[must_use]
    pub fn areas(&self) -> &RunAreas {
        self.areas
            .get()
            .expect("the sandbox provides the areas before anything is staged")
    }

    /// Makes known a content that stands in a declaration.
    pub fn add_inline(&self, digest: Digest, bytes: Arc<[u8]>) {
        let mut inline = self.inline.lock().unwrap_or_else(PoisonError::into_inner);
        inline.insert(digest, bytes);
    }

    /// A number that no other tree of this run has.
    pub fn next_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Brings a content into place, unless that happened already. Callers that
    /// want the same one at once wait for the first.
    pub fn place(&self, id: ContentId) -> Result<Place, ContentError> {
        let (slot, lock) = self.placed.entry(id).or_default().clone();
        if let Some(place) = slot.get() {
            return Ok(place.clone());
        }
        let _only_one = lock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = slot.get() {
            return Ok(place.clone());
        }
        let place = self.bring(id)?;
        Ok(slot.get_or_init(|| place).clone())
    }

    /// Forgets where a content stood, because its producer makes it anew.
    pub fn forget(&self, digest: Digest) {
        self.placed.remove(&ContentId::Digest(digest, false));
        self.placed.remove(&ContentId::Digest(digest, true));
    }

    /// The bytes of a content as one reader, for outputs and `kiln cat`.
    pub fn open(&self, digest: Digest, executable: bool) -> Result<OpenContent<'_>, ContentError> {
        if let Some(bytes) = self.inline_bytes(digest) {
            return Ok(OpenContent::Bytes(bytes));
        }
        if let Some(kept) = self.open_kept(digest, executable)? {
            return Ok(OpenContent::Kept(kept));
        }
        // A source comes last: an output with the same bytes does not change
        // when somebody edits the source.
        if let Ok(content) = self.store.open_content(&digest, executable) {
            return Ok(OpenContent::Stored(content));
        }
        match self.source_by_digest.get(&(digest, executable)) {
            Some(file) => Ok(OpenContent::Source(&self.sources[file.index()])),
            None => Err(ContentError::Lost(digest)),
        }
    }

    /// Takes a file that an action wrote, for this run only.
    pub fn keep(&self, file: File, size: u64, executable: bool) -> Result<Digest, ContentError> {
        let mut reader = HashingReader::new(file);
        let place = self.write(size, executable, &mut reader)?;
        let digest = reader.finish();
        let (slot, _) = self
            .placed
            .entry(ContentId::Digest(digest, executable))
            .or_default()
            .clone();
        // An equal content in place already serves as well.
        let _ = slot.set(place);
        Ok(digest)
    }

    fn open_kept(&self, digest: Digest, executable: bool) -> Result<Option<File>, ContentError> {
        let id = ContentId::Digest(digest, executable);
        let Some((slot, _)) = self.placed.get(&id).map(|entry| entry.value().clone()) else {
            return Ok(None);
        };
        match slot.get() {
            Some(place @ (Place::Memory(path) | Place::Disk(path))) => {
                Ok(Some(self.areas().of(place).open_file(path)?))
            }
            Some(Place::Blob(_)) | None => Ok(None),
        }
    }

    fn inline_bytes(&self, digest: Digest) -> Option<Arc<[u8]>> {
        let inline = self.inline.lock().unwrap_or_else(PoisonError::into_inner);
        inline.get(&digest).cloned()
    }

    fn bring(&self, id: ContentId) -> Result<Place, ContentError> {
        match id {
            ContentId::Source(file) => self.bring_source(&self.sources[file.index()]),
            ContentId::Digest(digest, executable) => match self.open(digest, executable)? {
                OpenContent::Source(source) => self.bring_source(source),
                OpenContent::Bytes(bytes) => self.write(digest.size(), executable, &mut &*bytes),
                OpenContent::Kept(mut file) => self.write(digest.size(), executable, &mut file),
                OpenContent::Stored(Content::Bytes(bytes)) => {
                    self.write(digest.size(), executable, &mut &*bytes)
                }
                OpenContent::Stored(Content::Blob { path, .. }) => Ok(Place::Blob(path)),
            },
        }
    }

    fn bring_source(&self, source: &RunSource) -> Result<Place, ContentError> {
        let fingerprint = &source.source.fingerprint;
        let mut reader = open_source(source)?;
        let size = fingerprint.digest.size();
        let place = self.write(size, fingerprint.executable, &mut reader)?;
        match reader.finish() {
            Ok(_) => Ok(place),
            Err(error) => {
                let (Place::Memory(path) | Place::Disk(path)) = &place else {
                    return Err(changed(source, error));
                };
                // Nobody has seen it; a file that stays takes space only.
                let _ = self.areas().of(&place).remove_file(path);
                Err(changed(source, error))
            }
        }
    }

    fn write(
        &self,
        size: u64,
        executable: bool,
        content: &mut dyn Read,
    ) -> Result<Place, ContentError> {
        let path = format!("contents/{}", self.next_number());
        let areas = self.areas();
        let reserve = |left: u64| left.checked_sub(size);
        let order = Ordering::Relaxed;
        let place = match areas.memory_left.fetch_update(order, order, reserve) {
            Ok(_) => Place::Memory(path.clone()),
            Err(_) => Place::Disk(path.clone()),
        };
        areas.of(&place).write_file(&path, executable, content)?;
        Ok(place)
    }
}

/// A content that is being read.
#[derive(Debug)]
pub enum OpenContent<'a> {
    /// It stands in a declaration.
    Bytes(Arc<[u8]>),
    /// It is a source, to be read with [`open_source`].
    Source(&'a RunSource),
    /// An action of this run wrote it, and nothing else keeps it.
    Kept(File),
    /// The store has it.
    Stored(Content),
}

/// Hashes what passes through it.
struct HashingReader {
    file: File,
    hasher: ContentHasher,
}

impl HashingReader {
    fn new(file: File) -> HashingReader {
        HashingReader {
            file,
            hasher: ContentHasher::new(),
        }
    }

    fn finish(self) -> Digest {
        self.hasher.finish().digest
    }
}

impl Read for HashingReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

/// Opens a source for its verified read.
pub fn open_source(source: &RunSource) -> Result<VerifyingReader<File>, ContentError> {
    VerifyingReader::open(Path::new(&source.file), &source.source.fingerprint)
        .map_err(|error| changed(source, error))
}

/// Turns the answer of a verifying reader into an error about the source.
pub fn changed(source: &RunSource, error: VerifyError) -> ContentError {
    match error {
        VerifyError::Fs(error) => ContentError::Fs(error),
        VerifyError::Changed { change, .. } => ContentError::SourceChanged {
            path: source.path.clone(),
            reason: change.to_string(),
        },
        VerifyError::HalfRead { .. } => ContentError::SourceChanged {
            path: source.path.clone(),
            reason: "it could not be read to its end".to_owned(),
        },
    }
}
