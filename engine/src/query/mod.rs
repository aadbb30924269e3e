//! The query language: questions about the graph of targets.
//!
//! ```text
//! expression = operand { operator operand }          all operators bind alike, from the left
//! operator   = "+" "union" | "-" "except" | "^" "intersect"
//! operand    = "(" expression ")" | function | pattern
//! function   = deps(x [, n]) | rdeps(u, x [, n]) | somepath(a, b) | allpaths(a, b)
//!            | kind(w, x) | attr(name, regex, x) | labels(attribute, x)
//! ```
//! A word ends at white space and at `( ) , + ^ ' "`; a `-` is an operator only
//! where a word could start. What holds such characters is written in quotes.
//! The module knows graphs only through [`QueryGraph`].

mod attributes;
mod evaluate;
mod expression;
mod graph;
mod lexer;
mod matcher;
mod output;
mod parser;
mod set;
mod traverse;

pub use attributes::{attribute_inputs, attribute_text};
pub use evaluate::evaluate;
pub use expression::{Expression, Operator};
pub use graph::{NodeId, QueryGraph};
pub use matcher::Matcher;
pub use output::{Answer, dot};

#[cfg(test)]
mod tests;
