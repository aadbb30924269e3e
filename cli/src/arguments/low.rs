//! What can be typed: commands and flags with their help texts, word by word.
//! What combinations mean, and which make no sense, is decided in `high`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::parse::unmarked;
use crate::configuration::{MOST_JOBS, parse_age, parse_size};

const EXAMPLES: &str = "\
Examples:
  kiln init                          make a first workspace here
  kiln run //app                     build one target, print where its output is
  kiln run //app -- --help           build it, then run it
  kiln build //... -//third_party/...
  kiln query 'deps(//app)'           what it is made of
  kiln why //app                     why it ran, or would run

Exit codes: 0 done, 1 build failed, 2 bad command line or configuration,
4 nothing matched, 8 interrupted, 36 environment, 37 internal error.";

/// Builds what changed, in isolation, and remembers the rest.
#[derive(Debug, Parser)]
#[command(
    name = "kiln",
    version,
    arg_required_else_help = true,
    after_help = EXAMPLES,
    max_term_width = 100
)]
pub struct LowArguments {
    /// Flags that stand before or after the command.
    #[command(flatten)]
    pub flags: Flags,
    /// The command.
    #[command(subcommand)]
    pub command: LowCommand,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub struct Flags {
    /// Look for the workspace from DIR on
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// Run at most N actions at once
    #[arg(
        short, long, value_name = "N", global = true, help_heading = "Build",
        value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_JOBS))
    )]
    pub jobs: Option<u16>,
    /// After a failure, go on with what does not depend on it
    #[arg(short, long, global = true, help_heading = "Build")]
    pub keep_going: bool,
    /// Run the named targets again, and store their results
    #[arg(
        long,
        global = true,
        help_heading = "Build",
        conflicts_with = "no_cache"
    )]
    pub force: bool,
    /// Neither look up nor store any result
    #[arg(long, global = true, help_heading = "Build")]
    pub no_cache: bool,
    /// Only say what would run
    #[arg(long, global = true, help_heading = "Build")]
    pub dry_run: bool,
    /// Write a Chrome trace of the build to FILE
    #[arg(long, value_name = "FILE", global = true, help_heading = "Build")]
    pub profile: Option<PathBuf>,
    /// Write every event to FILE, one JSON object a line
    #[arg(long, value_name = "FILE", global = true, help_heading = "Build")]
    pub events: Option<PathBuf>,
    /// How progress is shown
    #[arg(
        long,
        value_name = "UI",
        value_enum,
        global = true,
        help_heading = "Output"
    )]
    pub ui: Option<LowUi>,
    /// Print one JSON object on stdout
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    /// When to use colour
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        global = true,
        help_heading = "Output"
    )]
    pub color: Option<LowColour>,
    /// Errors and the summary only
    #[arg(
        short,
        long,
        global = true,
        help_heading = "Output",
        conflicts_with = "verbose"
    )]
    pub quiet: bool,
    /// Say why each target runs
    #[arg(short, long, global = true, help_heading = "Output", action = ArgAction::SetTrue)]
    pub verbose: bool,
}

/// `--ui`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LowUi {
    /// fancy on a terminal, else plain
    Auto,
    /// one line for each executed action
    Plain,
    /// a live view of running actions
    Fancy,
}

/// `--color`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LowColour {
    /// as the terminal, NO_COLOR and CLICOLOR_FORCE say
    Auto,
    /// always
    Always,
    /// never
    Never,
}

/// Patterns to bring up to date.
#[derive(Debug, Args)]
pub struct Patterns {
    /// Targets: //a/b:c, :c, //a:all, //a/...; -PATTERN takes away again
    #[arg(value_name = "PATTERN", required = true, value_parser = unmarked)]
    pub patterns: Vec<String>,
}

/// One label.
#[derive(Debug, Args)]
pub struct OneLabel {
    /// A target: //a/b:c, //a/b or :c
    #[arg(value_name = "LABEL", value_parser = unmarked)]
    pub label: String,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum LowCommand {
    /// Bring targets up to date and print their outputs; after `--`, run the one named
    #[command(after_help = "\
Examples:
  kiln run //app            print the path of its output
  kiln run //app --         run the program it is
  kiln run //app -- -x y    run it with arguments")]
    Run {
        /// What to bring up to date.
        #[command(flatten)]
        patterns: Patterns,
        /// With `--`: arguments for the program, which runs in your directory and environment
        #[arg(value_name = "ARGS", last = true)]
        program: Vec<OsString>,
    },
    /// Bring targets up to date and print their outputs
    #[command(after_help = "\
Examples:
  kiln build //...                  everything
  kiln build //a/... -//a/slow:all  all below a, without one package")]
    Build(Patterns),
    /// Print the targets that an expression selects
    #[command(after_help = "\
Examples:
  kiln query //a/...
  kiln query 'deps(//app) except //third_party/...'
  kiln query 'rdeps(//..., //lib)' --output dot

Functions: deps(x), deps(x, n), rdeps(u, x), rdeps(u, x, n), somepath(a, b), allpaths(a, b),
kind(driver, x), attr(name, value, x), labels(attribute, x)")]
    Query {
        /// Patterns, functions of them, and + - ^ (union, except, intersect) between them
        #[arg(value_name = "EXPR", value_parser = unmarked)]
        expression: String,
        /// The form of the answer
        #[arg(long, value_name = "FORM", value_enum)]
        output: Option<LowQueryForm>,
    },
    /// Say why a target ran, or why it would run
    Why(OneLabel),
    /// Show everything known of a target: spec, inputs, key, outputs
    Inspect(OneLabel),
    /// Bring a target up to date and print the bytes of its output files
    Cat(OneLabel),
    /// Bring a target up to date and list its output tree
    Ls(OneLabel),
    /// Print the stored log of a target's last action
    Log(OneLabel),
    /// Remove .kiln/out from the workspace; the store keeps everything
    Clean,
    /// Facts about the store
    #[command(subcommand)]
    Cache(LowCache),
    /// Drop old results from the store
    #[command(after_help = "\
Example:
  kiln gc --max-size 20G --max-age 30d")]
    Gc {
        /// Keep at most this many bytes (512M, 20G) [default: cache.max_size]
        #[arg(long, value_name = "SIZE", value_parser = parse_size)]
        max_size: Option<u64>,
        /// Keep nothing that was not used for so long (12h, 30d) [default: cache.max_age]
        #[arg(long, value_name = "AGE", value_parser = parse_age)]
        max_age: Option<Duration>,
    },
    /// Check that this machine offers what Kiln needs
    Doctor,
    /// Print the effective configuration
    Config {
        /// Say where each value comes from
        #[arg(long)]
        origin: bool,
    },
    /// Make a workspace with a first target; overwrites nothing
    Init,
    /// Print a script that completes kiln's command line
    #[command(after_help = "\
Examples:
  kiln completions bash > ~/.local/share/bash-completion/completions/kiln
  kiln completions fish > ~/.config/fish/completions/kiln.fish")]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the version and the platform it is built for
    Version,
}

/// `kiln cache …`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum LowCache {
    /// What the store holds
    Stats,
    /// Where the store is
    Path,
}

/// `kiln query --output`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LowQueryForm {
    /// one label a line
    Label,
    /// one JSON object with labels, edges and facts
    Json,
    /// a graph for Graphviz
    Dot,
}

/// Shells that can be completed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}
