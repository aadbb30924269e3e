//! Why a message is not a spec or target.

use crate::SyntaxError;

/// A message that was refused. `field` names the offending part.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WireError {
    /// The bytes are not the expected protobuf message.
    #[error("not a protobuf message of the expected type: {0}")]
    Malformed(#[from] prost::DecodeError),
    /// A required part is absent.
    #[error("the {field} is missing")]
    Missing {
        /// Which.
        field: &'static str,
    },
    /// A number that this version gives no meaning.
    #[error("{number} is no {field} that this version knows")]
    Unknown {
        /// Of which enumeration.
        field: &'static str,
        /// The number.
        number: i32,
    },
    /// A label or name does not parse.
    #[error("{0}")]
    Syntax(Box<SyntaxError>),
    /// A path is absolute, not normalised or too long.
    #[error("{field} {text:?} is no normalised path below the workspace")]
    Path {
        /// Which.
        field: &'static str,
        /// The start of what was sent.
        text: String,
    },
    /// One name stands twice where each may stand once.
    #[error("{field} {name:?} is given twice")]
    Duplicate {
        /// Which.
        field: &'static str,
        /// The name.
        name: String,
    },
    /// Groups do not stand in their order.
    #[error("the {field} are not sorted")]
    Unsorted {
        /// Which.
        field: &'static str,
    },
    /// A value nests deeper than [`Value::DEEPEST`](crate::Value::DEEPEST).
    #[error(
        "a value of {field:?} nests more than {} levels deep",
        crate::Value::DEEPEST
    )]
    TooDeep {
        /// The attribute.
        field: String,
    },
    /// Parts that are fine alone contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
}

impl From<SyntaxError> for WireError {
    fn from(error: SyntaxError) -> WireError {
        WireError::Syntax(Box::new(error))
    }
}
