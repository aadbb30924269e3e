//! Files brought in by `load()`: found, checked for cycles, evaluated once.
//!
//! Threads that want the same file wait for the one that reads it. No one waits
//! while others may wait for it: the files that a file loads are finished before
//! it is begun, so two threads can never wait for each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kiln_plugin_abi::{Diagnostic, LoadHost, PackagePath, PathError, SourceSpan, WorkspacePath};
use starlark::environment::FrozenModule;
use starlark::syntax::AstModule;

use super::evaluation::{self, LoadedModules};
use super::source;

/// Longest chain of files that load each other.
const LONGEST_CHAIN: usize = 100;

/// One `load()`: which file, and where it says so.
#[derive(Debug, Clone)]
pub(super) struct LoadStatement {
    /// As it was written.
    text: String,
    path: WorkspacePath,
    span: SourceSpan,
}

impl LoadStatement {
    /// Reads the first argument of a `load()` that stands in `file`.
    pub(super) fn read(
        text: &str,
        file: &WorkspacePath,
        span: SourceSpan,
    ) -> Result<LoadStatement, Diagnostic> {
        let error = |message: String| {
            Diagnostic::error(message)
                .at(&span)
                .hint("write `//rules/c.star`, or `:c.star` for a file of this directory")
        };
        let directory = file.parent().unwrap_or_else(WorkspacePath::root);
        let resolved = if let Some(path) = text.strip_prefix("//") {
            if path.contains(':') {
                return Err(error(format!("`{}` is not a path", text.escape_debug())));
            }
            WorkspacePath::resolve("", path)
        } else if let Some(name) = text.strip_prefix(':') {
            WorkspacePath::resolve(directory.as_str(), name)
        } else {
            let message = format!("cannot load `{}`: it is relative", text.escape_debug());
            return Err(error(message));
        };
        let path = resolved.map_err(|why| {
            let why = match why {
                PathError::Leaves if text.starts_with(':') => "the path leaves this directory",
                PathError::Leaves => "the path leaves the workspace",
                _ => return error(format!("cannot load `{}`: {why}", text.escape_debug())),
            };
            error(format!("cannot load `{}`: {why}", text.escape_debug()))
        })?;
        Ok(LoadStatement {
            text: text.to_owned(),
            path,
            span,
        })
    }
}

/// A file that was read.
#[derive(Debug)]
struct Source {
    /// Taken by whoever evaluates it.
    module: Mutex<Option<AstModule>>,
    loads: Vec<LoadStatement>,
}

/// What is known of one file; a field is filled once, by one thread.
#[derive(Debug, Default)]
struct Entry {
    source: OnceLock<Result<Option<Source>, Diagnostic>>,
    module: OnceLock<Result<FrozenModule, Diagnostic>>,
}

/// Every loaded file of a request, shared by all packages.
#[derive(Debug, Default)]
pub(super) struct Modules {
    entries: Mutex<HashMap<WorkspacePath, Arc<Entry>>>,
}

impl Modules {
    /// Evaluates what `loads` name and everything below.
    pub(super) fn load(
        &self,
        loads: &[LoadStatement],
        host: &dyn LoadHost,
    ) -> Result<LoadedModules, Diagnostic> {
        let mut search = Search {
            modules: self,
            host,
            chain: Vec::new(),
            done: HashMap::new(),
        };
        search.load_all(loads)
    }

    fn entry(&self, path: &WorkspacePath) -> Arc<Entry> {
        // The map is whole even if a thread died while it held the lock.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(entries.entry(path.clone()).or_default())
    }
}

/// One package's walk over the files it needs.
struct Search<'a> {
    modules: &'a Modules,
    host: &'a dyn LoadHost,
    /// The files being loaded, each by the one before it.
    chain: Vec<LoadStatement>,
    done: HashMap<WorkspacePath, FrozenModule>,
}

impl Search<'_> {
    fn load_all(&mut self, loads: &[LoadStatement]) -> Result<LoadedModules, Diagnostic> {
        let mut loaded = LoadedModules::new();
        for load in loads {
            let module = match self.done.get(&load.path) {
                Some(module) => module.clone(),
                None => self.load_one(load)?,
            };
            loaded.insert(load.text.clone(), module);
        }
        Ok(loaded)
    }

    fn load_one(&mut self, load: &LoadStatement) -> Result<FrozenModule, Diagnostic> {
        if let Some(at) = self.chain.iter().position(|open| open.path == load.path) {
            return Err(self.cycle(at, load));
        }
        if self.chain.len() >= LONGEST_CHAIN {
            let message = format!("files load each other more than {LONGEST_CHAIN} deep");
            return Err(Diagnostic::error(message).at(&load.span));
        }
        let entry = self.modules.entry(&load.path);
        let source = self.read(&entry, load)?;
        self.chain.push(load.clone());
        let loaded = self.load_all(&source.loads)?;
        let module = entry
            .module
            .get_or_init(|| self.evaluate(source, &loaded, &load.path))
            .clone()
            .map_err(|error| self.with_chain(error))?;
        self.chain.pop();
        self.done.insert(load.path.clone(), module.clone());
        Ok(module)
    }

    /// Reads a file unless that is done, and notes it for this package either way.
    fn read<'e>(&self, entry: &'e Entry, load: &LoadStatement) -> Result<&'e Source, Diagnostic> {
        let path = &load.path;
        let mut is_noted = false;
        let source = entry.source.get_or_init(|| {
            is_noted = true;
            let Some(text) = source::read(path, self.host)? else {
                return Ok(None);
            };
            let parsed = source::parse(path, text)?;
            Ok(Some(Source {
                module: Mutex::new(Some(parsed.module)),
                loads: parsed.loads,
            }))
        });
        if !is_noted {
            self.host.note_file(path)?;
        }
        match source {
            Ok(Some(source)) => Ok(source),
            Ok(None) => {
                let message = format!("cannot load `{}`: there is no file {path}", load.text);
                let error = Diagnostic::error(message).at(&load.span);
                Err(self.with_chain(error))
            }
            Err(error) => {
                let error = error.clone().note(loaded_from(load));
                Err(self.with_chain(error))
            }
        }
    }

    fn evaluate(
        &self,
        source: &Source,
        loaded: &LoadedModules,
        path: &WorkspacePath,
    ) -> Result<FrozenModule, Diagnostic> {
        let module = source
            .module
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(module) = module else {
            // Only after a panic of the evaluator in another thread.
            return Err(Diagnostic::error(format!("cannot evaluate {path} again")));
        };
        let directory = path.parent().unwrap_or_else(WorkspacePath::root);
        let package =
            PackagePath::parse(directory.as_str()).unwrap_or_else(|_| PackagePath::root());
        evaluation::evaluate_module(module, loaded, &package, self.host)
    }

    /// Says by which files the faulty one was loaded, nearest first.
    fn with_chain(&self, error: Diagnostic) -> Diagnostic {
        self.chain
            .iter()
            .rev()
            .fold(error, |error, load| error.note(loaded_from(load)))
    }

    fn cycle(&self, at: usize, load: &LoadStatement) -> Diagnostic {
        let files: Vec<&str> = self.chain[at..]
            .iter()
            .map(|open| open.path.as_str())
            .chain([load.path.as_str()])
            .collect();
        Diagnostic::error("load cycle: the files load each other")
            .at(&load.span)
            .note(files.join(" → "))
            .hint("move what both need into a third file")
    }
}

fn loaded_from(load: &LoadStatement) -> String {
    let SourceSpan {
        file, line, column, ..
    } = &load.span;
    format!("loaded from {file}:{line}:{column}")
}
