//! A defect of Kiln ends the process with a message and a clean terminal.

use std::panic::PanicHookInfo;

use crate::exit::Exit;
use crate::{escape, terminal, ui};

/// Installs the hook. Nothing of Kiln is meant to survive a panic, so it ends
/// the process; a thread that died silently could leave the others waiting.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        ui::erase_on_exit();
        terminal::say(&report(info));
        std::process::exit(i32::from(Exit::Internal.code()));
    }));
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let place = info.location().map(|place| format!(" at {place}"));
    format!(
        "error: internal error: {}{}\n  = hint: this is a defect of Kiln; please report it with the command that led here\n",
        escape::text(message),
        place.unwrap_or_default()
    )
}
