//! The key of an action: everything that can influence its result, and nothing else.
//!
//! | fact | enters | why |
//! |---|---|---|
//! | driver name and version | yes | the same payload may mean another command |
//! | payload (script, arguments) | yes | it is the command |
//! | package and target name | yes | the action sees `$PKG`, `$NAME` and its directory |
//! | `env` | yes, by name and value | |
//! | `pass_env` | name and digest of the value | values may be secrets |
//! | fixed variables, sandbox version, host base | yes, as one digest | they are the same for all actions of a run |
//! | sandbox mode, network | yes | |
//! | declared outputs: group, path, kind, order | yes | `$OUTS` shows them |
//! | each source file: role, group, path, digest, exec bit | yes, in the declared order | |
//! | each selected output group of a dependency: its paths in order, listing digest | yes | |
//! | label of a dependency | no | an action cannot see it |
//! | host tool: path, digest of the program | yes | |
//! | timeout, resources, `labels`, `-j`, position in the BUILD file | no | they do not change a successful result |
//! | absolute path of the workspace, user, host name | no | an action cannot see them |
//!
//! One walk ([`describe`]) writes the key and its explanation.

mod action_key;
mod describe;
mod hasher;
mod leaf;
mod manifest;
mod reason;

pub use action_key::ActionKey;
pub use describe::{ActionFacts, InputFact, InputGroupFacts, describe};
pub use hasher::KeyHasher;
pub use leaf::{Leaf, LeafSink, LeafValue};
pub use manifest::{Fact, Manifest};
pub use reason::{Change, first_change};
