//! What a command line means. Combinations that make no sense are refused
//! here, so that commands meet none of them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use kiln_engine::request::{Execution, OnFailure, Reuse};

use super::low::{
    Flags, LowArguments, LowCache, LowColour, LowCommand, LowQueryForm, LowUi, Shell,
};

/// A command line that makes sense.
#[derive(Debug)]
pub struct Invocation {
    /// Where the search for the workspace starts; `None` is the current directory.
    pub directory: Option<PathBuf>,
    /// `-j`.
    pub jobs: Option<usize>,
    /// How much is said.
    pub verbosity: Verbosity,
    /// How progress is shown.
    pub ui: UiChoice,
    /// When colour is used.
    pub colour: ColourWhen,
    /// What stdout carries.
    pub form: OutputForm,
    /// Files to record the build in.
    pub records: Records,
    /// What to do.
    pub command: Command,
}

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Errors and the summary.
    Quiet,
    /// The default.
    Normal,
    /// Also why each target runs.
    Verbose,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UiChoice {
    /// As the terminal allows.
    Auto,
    /// Lines.
    Plain,
    /// A live view.
    Fancy,
}

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourWhen {
    /// As terminal and environment say.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What stdout carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputForm {
    /// Lines for people and shells.
    Text,
    /// One JSON object.
    Json,
}

/// Files to record the build in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Records {
    /// `--events`.
    pub events: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<PathBuf>,
}

/// What to do.
#[derive(Debug)]
pub enum Command {
    /// `run`, `build`.
    Bring(Bring),
    /// `query`.
    Query {
        /// The expression.
        expression: String,
        /// The form of the answer.
        form: QueryForm,
    },
    /// `why`.
    Why(String),
    /// `inspect`.
    Inspect(String),
    /// `cat`.
    Cat(String),
    /// `ls`.
    Ls(String),
    /// `log`.
    Log(String),
    /// `clean`.
    Clean,
    /// `cache stats`.
    CacheStats,
    /// `cache path`.
    CachePath,
    /// `gc`.
    Gc(Gc),
    /// `doctor`.
    Doctor,
    /// `config`.
    Config {
        /// `--origin`.
        origin: bool,
    },
    /// `init`.
    Init,
    /// `completions`.
    Completions(Shell),
    /// `version`.
    Version,
}

/// `run` and `build`.
#[derive(Debug, PartialEq, Eq)]
pub struct Bring {
    /// As typed; the first does not subtract.
    pub patterns: Vec<String>,
    /// `-k`.
    pub on_failure: OnFailure,
    /// `--force`, `--no-cache`.
    pub reuse: Reuse,
    /// `--dry-run`.
    pub execution: Execution,
    /// Arguments of the program to run afterwards; `None` without `--`.
    pub program: Option<Vec<OsString>>,
}

/// `gc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gc {
    /// In bytes; `None` is as configured.
    pub max_size: Option<u64>,
    /// `None` is as configured.
    pub max_age: Option<Duration>,
}

/// The form of a query's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryForm {
    /// One label a line.
    Label,
    /// One JSON object.
    Json,
    /// A graph for Graphviz.
    Dot,
}

/// Gives the words their meaning; `separated` says whether `--` was typed.
///
/// # Errors
/// A message for people when they have none together.
pub fn raise(low: LowArguments, separated: bool) -> Result<Invocation, String> {
    let LowArguments { flags, command } = low;
    let builds = matches!(command, LowCommand::Run { .. } | LowCommand::Build(_));
    let records = builds || matches!(command, LowCommand::Cat(_) | LowCommand::Ls(_));
    refuse_idle_flags(&flags, builds, records)?;
    let command = raise_command(command, &flags, separated)?;
    Ok(Invocation {
        directory: flags.directory,
        jobs: flags.jobs.map(usize::from),
        verbosity: match (flags.quiet, flags.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        },
        ui: match flags.ui {
            None | Some(LowUi::Auto) => UiChoice::Auto,
            Some(LowUi::Plain) => UiChoice::Plain,
            Some(LowUi::Fancy) => UiChoice::Fancy,
        },
        colour: match flags.color {
            None | Some(LowColour::Auto) => ColourWhen::Auto,
            Some(LowColour::Always) => ColourWhen::Always,
            Some(LowColour::Never) => ColourWhen::Never,
        },
        form: if flags.json {
            OutputForm::Json
        } else {
            OutputForm::Text
        },
        records: Records {
            events: flags.events,
            profile: flags.profile,
        },
        command,
    })
}

/// Refuses flags that would have no effect, instead of ignoring a wish.
fn refuse_idle_flags(flags: &Flags, builds: bool, records: bool) -> Result<(), String> {
    let of_build = [
        (flags.keep_going, "--keep-going"),
        (flags.force, "--force"),
        (flags.no_cache, "--no-cache"),
        (flags.dry_run, "--dry-run"),
    ];
    let of_record = [
        (flags.events.is_some(), "--events"),
        (flags.profile.is_some(), "--profile"),
    ];
    let idle =
        |flags: &[(bool, &'static str)]| flags.iter().find(|(set, _)| *set).map(|(_, name)| *name);
    match (idle(&of_build), idle(&of_record)) {
        (Some(flag), _) if !builds => Err(format!("`{flag}` is a flag of `run` and `build`")),
        (_, Some(flag)) if !records => Err(format!(
            "`{flag}` is a flag of `run`, `build`, `cat` and `ls`"
        )),
        _ => Ok(()),
    }
}

fn raise_command(low: LowCommand, flags: &Flags, separated: bool) -> Result<Command, String> {
    Ok(match low {
        LowCommand::Run { patterns, program } => Command::Bring(bring(
            patterns.patterns,
            flags,
            separated.then_some(program),
        )?),
        LowCommand::Build(_) if separated => {
            return Err(
                "`build` takes no `--`; `run` is the command that runs a program".to_owned(),
            );
        }
        LowCommand::Build(patterns) => Command::Bring(bring(patterns.patterns, flags, None)?),
        LowCommand::Query { expression, output } => Command::Query {
            expression,
            form: query_form(output, flags.json)?,
        },
        LowCommand::Why(one) => Command::Why(one.label),
        LowCommand::Inspect(one) => Command::Inspect(one.label),
        LowCommand::Cat(one) if flags.json => {
            return Err(format!(
                "`cat` prints the bytes of {} and knows no `--json`",
                one.label
            ));
        }
        LowCommand::Cat(one) => Command::Cat(one.label),
        LowCommand::Ls(one) => Command::Ls(one.label),
        LowCommand::Log(one) => Command::Log(one.label),
        LowCommand::Clean => Command::Clean,
        LowCommand::Cache(LowCache::Stats) => Command::CacheStats,
        LowCommand::Cache(LowCache::Path) => Command::CachePath,
        LowCommand::Gc { max_size, max_age } => Command::Gc(Gc { max_size, max_age }),
        LowCommand::Doctor => Command::Doctor,
        LowCommand::Config { origin } => Command::Config { origin },
        LowCommand::Init => Command::Init,
        LowCommand::Completions { shell } => Command::Completions(shell),
        LowCommand::Version => Command::Version,
    })
}

fn bring(
    patterns: Vec<String>,
    flags: &Flags,
    program: Option<Vec<OsString>>,
) -> Result<Bring, String> {
    if let Some(first) = patterns.first().filter(|first| first.starts_with('-')) {
        return Err(format!(
            "`{first}` takes targets away, so it cannot be the first pattern"
        ));
    }
    if program.is_some() {
        let added = patterns.iter().filter(|pattern| !pattern.starts_with('-'));
        if added.count() > 1 {
            return Err("`--` runs a program and needs exactly one target".to_owned());
        }
        for (set, flag) in [(flags.json, "--json"), (flags.dry_run, "--dry-run")] {
            if set {
                return Err(format!("`{flag}` and `--` exclude each other"));
            }
        }
    }
    Ok(Bring {
        patterns,
        on_failure: if flags.keep_going {
            OnFailure::KeepGoing
        } else {
            OnFailure::Stop
        },
        reuse: match (flags.force, flags.no_cache) {
            (true, _) => Reuse::ForceNamed,
            (_, true) => Reuse::Nothing,
            _ => Reuse::Normal,
        },
        execution: if flags.dry_run {
            Execution::DryRun
        } else {
            Execution::Run
        },
        program,
    })
}

fn query_form(output: Option<LowQueryForm>, json: bool) -> Result<QueryForm, String> {
    match (output, json) {
        (None, true) | (Some(LowQueryForm::Json), _) => Ok(QueryForm::Json),
        (Some(_), true) => Err("`--json` and another `--output` exclude each other".to_owned()),
        (None | Some(LowQueryForm::Label), false) => Ok(QueryForm::Label),
        (Some(LowQueryForm::Dot), false) => Ok(QueryForm::Dot),
    }
}
