//! SIGINT and SIGTERM: the first asks the work to stop, the second ends the
//! process at once. A thread of its own listens, so that it works whatever the
//! other threads do.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use kiln_engine::cancel::CancelToken;

use crate::exit::Exit;
use crate::{terminal, ui};

/// What the first signal does.
#[derive(Debug, Clone)]
pub enum FirstSignal {
    /// Asks the work to stop.
    Cancel(CancelToken),
    /// Ends the process, for commands that leave nothing half done.
    Exit,
}

/// Listens from now on until the process ends.
pub fn listen(first: FirstSignal) {
    // Where signals cannot be caught they end the process, as everywhere.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    let listener = move || {
        let mut first = Some(first);
        for _ in signals.forever() {
            match first.take() {
                Some(FirstSignal::Cancel(token)) => token.cancel(),
                Some(FirstSignal::Exit) | None => {
                    ui::erase_on_exit();
                    std::process::exit(i32::from(Exit::Interrupted.code()));
                }
            }
        }
    };
    let thread = std::thread::Builder::new().name("signals".to_owned());
    if thread.spawn(listener).is_err() {
        terminal::say("warning: signals are not handled: no thread could be started\n");
    }
}
