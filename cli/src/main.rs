//! The `kiln` command: reads the command line, wires the engine to the built-in
//! drivers and to the terminal, and turns what happened into an exit code.
//!
//! Start with `arguments`, then `commands`, which has a file for each command.

mod arguments;
mod commands;
mod configuration;
mod diagnostics;
mod environment;
mod escape;
mod exit;
mod panic;
mod records;
mod reporting;
mod session;
mod signals;
mod terminal;
mod ui;
mod workspace;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use arguments::{ColourWhen, Refusal, UiChoice};
use diagnostics::{Message, Renderer};
use environment::Environment;
use exit::{CommandError, Exit};
use kiln_engine::sandbox::forkserver;
use session::Session;
use terminal::Terminal;
use workspace::Workspace;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The sandbox starts this binary again as its small helper process.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == forkserver::ARGUMENT)
    {
        forkserver::main();
    }
    panic::install();
    let exit = run(std::env::args_os().skip(1).collect());
    ExitCode::from(exit.code())
}

fn run(words: Vec<OsString>) -> Exit {
    let environment = Environment::capture();
    let wish = typed_colour(&words);
    let invocation = match arguments::parse(words) {
        Ok(invocation) => invocation,
        Err(refusal) => {
            let terminal = Terminal::detect(&environment, wish, UiChoice::Auto);
            return refuse(&refusal, terminal);
        }
    };
    let terminal = Terminal::detect(&environment, invocation.colour, invocation.ui);
    let session = match Session::new(environment, terminal, &invocation) {
        Ok(session) => session,
        Err(error) => {
            let renderer = Renderer::new(terminal.colour, terminal.width);
            return show(&error, &renderer);
        }
    };
    match commands::execute(invocation.command, &session) {
        Ok(exit) => exit,
        Err(error) => {
            let workspace = Workspace::find(&session.directory);
            let root = workspace.as_ref().map(|workspace| workspace.root.as_path());
            show(&error, &session.renderer(root))
        }
    }
}

fn show(error: &CommandError, renderer: &Renderer) -> Exit {
    for message in &error.messages {
        terminal::say(&renderer.render(message));
    }
    error.exit
}

/// Answers a command line that is no invocation.
fn refuse(refusal: &Refusal, terminal: Terminal) -> Exit {
    match refusal {
        Refusal::Shown(_) => {
            let colour = terminal.colour && std::io::stdout().is_terminal();
            match terminal::write_bytes(refusal.text(colour).as_bytes()) {
                Ok(_) => Exit::Done,
                Err(error) => error.exit,
            }
        }
        Refusal::Grammar(_) => {
            let text = refusal.text(terminal.colour);
            terminal::say(&if terminal.colour {
                text
            } else {
                escape::text(&text).into_owned()
            });
            Exit::Usage
        }
        Refusal::Sense(text) => {
            let message = Message::error(text.as_str()).hint("`kiln COMMAND --help` tells more");
            terminal::say(&Renderer::new(terminal.colour, terminal.width).render(&message));
            Exit::Usage
        }
    }
}

/// `--color` as far as it can be known of a command line that does not parse.
fn typed_colour(words: &[OsString]) -> ColourWhen {
    let typed = |word: &str| words.iter().any(|typed| typed == word);
    let harmless =
        |word: &OsString| escape::text(&word.to_string_lossy()) == word.to_string_lossy();
    if !words.iter().all(harmless) {
        // The message repeats the words, and styling must not carry them along.
        ColourWhen::Never
    } else if typed("--color=always") {
        ColourWhen::Always
    } else if typed("--color=never") {
        ColourWhen::Never
    } else {
        ColourWhen::Auto
    }
}
