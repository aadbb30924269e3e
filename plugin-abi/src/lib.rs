//! The words of Kiln's domain, and the traits that providers and drivers
//! implement.
//!
//! Everything here is data that can cross a process boundary: a plugin that
//! speaks protobuf sees the same labels, specs and targets as a built-in. The
//! crate knows nothing of the engine, the store or the sandbox.
//!
//! Start with [`Label`], then [`TargetSpec`] (what a BUILD file said), then
//! [`Target`] (what it means), then the traits [`Provider`] and [`Driver`].

mod attributes;
mod diagnostic;
mod digest;
mod driver;
mod input;
mod label;
mod output;
mod parameters;
mod path;
mod pattern;
mod provider;
mod span;
mod spec;
mod suggest;
mod syntax;
mod target;
mod value;
mod view;
pub mod wire;

pub use attributes::{AttributeReader, LONGEST_ARGUMENT};
pub use diagnostic::{Diagnostic, Severity};
pub use digest::Digest;
pub use driver::{Command, Driver, InputPaths, NamedPaths};
pub use input::{InputGroup, InputReference, Role};
pub use label::{GroupName, Label, OutputReference, PackagePath, TargetName};
pub use output::{DeclaredOutput, OutputGroup, OutputKind};
pub use parameters::Parameters;
pub use path::{PathError, WorkspacePath};
pub use pattern::{Pattern, SignedPattern};
pub use provider::{FileKind, GlobRequest, LoadError, LoadHost, Package, Provider};
pub use span::{Focus, SourceSpan};
pub use spec::TargetSpec;
pub use suggest::did_you_mean;
pub use syntax::SyntaxError;
pub use target::{Action, DriverId, InlineFile, Resources, SandboxMode, Target};
pub use value::Value;
pub use view::View;
