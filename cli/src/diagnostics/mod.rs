//! Messages to people, from facts to text with source line and caret.

mod excerpt;
mod focus;
mod message;
mod render;

pub use excerpt::Excerpt;
pub use message::{Message, Place};
pub use render::Renderer;
