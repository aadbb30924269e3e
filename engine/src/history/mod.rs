//! What earlier runs in this workspace left behind: predictions for the next
//! look-up, and the answer to "why did this run?".
//!
//! Nothing here authorises anything: a remembered key is used only where the
//! key computed now is equal.

mod logs;
mod memo;
mod runs;

pub use logs::{read_failed_log, write_failed_log};
pub use memo::{How, Memo, MemoEntry};
pub use runs::{RunRecord, read_last_run, write_last_run};
