//! The command line: what was typed ([`low`]) and what it means ([`high`]).

mod high;
mod low;
mod parse;

pub use high::{
    Bring, ColourWhen, Command, Gc, Invocation, OutputForm, QueryForm, Records, UiChoice, Verbosity,
};
pub use low::Shell;
pub use parse::{Refusal, command, parse};
