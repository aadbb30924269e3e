//! What a person sees of a build on stderr while it runs.

mod board;
mod live;
mod screen;
mod summary;
mod transcript;

pub use live::erase_on_exit;
pub use screen::Screen;
pub use summary::summary_line;
