//! Draws the live view at the bottom of the terminal from a thread of its own,
//! and takes it away again whatever ends the program. Lines that stay are
//! written by the same thread, so that many of them cost few drawings.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kiln_engine::events::Event;

use super::board::{Board, Row};
use crate::terminal;

/// How long an ending process waits for its painter.
const LAST_DRAWING: Duration = Duration::from_millis(300);

/// Nothing is drawn before: most builds change nothing and end sooner.
const FIRST_DRAWING: Duration = Duration::from_millis(100);

/// Time between drawings.
const INTERVAL: Duration = Duration::from_millis(80);

/// The canvas that must be left clean when the process ends in the middle.
static CANVAS: OnceLock<Arc<Canvas>> = OnceLock::new();

/// What the painter and the reporting threads share.
#[derive(Debug)]
struct Canvas {
    state: Mutex<State>,
    /// Signalled when the end is asked for, and when it is reached.
    ending: Condvar,
    bar: ProgressBar,
    colour: bool,
}

#[derive(Debug)]
struct State {
    board: Board,
    /// Lines that stay, not yet written.
    pending: String,
    /// Whether a view is on the screen.
    drawn: bool,
    ended: bool,
}

/// A live view. Dropping it erases it.
#[derive(Debug)]
pub struct Live {
    canvas: Arc<Canvas>,
    painter: Option<JoinHandle<()>>,
}

impl Live {
    /// Starts the view.
    #[must_use]
    pub fn start(colour: bool) -> Live {
        let target = ProgressDrawTarget::stderr_with_hz(15);
        let style = ProgressStyle::with_template("{msg}");
        let bar = ProgressBar::with_draw_target(None, target)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let canvas = Arc::new(Canvas {
            state: Mutex::new(State {
                board: Board::new(Instant::now()),
                pending: String::new(),
                drawn: false,
                ended: false,
            }),
            ending: Condvar::new(),
            bar,
            colour,
        });
        let _ = CANVAS.set(canvas.clone());
        let painter = {
            let canvas = canvas.clone();
            // Without a thread there is no view, and the lines come at the end.
            let thread = std::thread::Builder::new().name("live view".to_owned());
            thread.spawn(move || canvas.paint_until_end()).ok()
        };
        Live { canvas, painter }
    }

    /// Takes note of an event and of the lines it leaves above the view.
    pub fn note(&self, event: &Event, text: Option<&str>) {
        let mut state = self.canvas.lock();
        state.board.note(event, Instant::now);
        state.pending.push_str(text.unwrap_or(""));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.canvas.lock().ended = true;
        self.canvas.ending.notify_all();
        if let Some(painter) = self.painter.take() {
            let _ = painter.join();
        }
        // Without a painter nobody wrote them yet.
        terminal::say(&std::mem::take(&mut self.canvas.lock().pending));
    }
}

/// Has the view erased and the lines that stay written, before the process ends
/// at once. The painter does it: a panicking thread must not draw.
pub fn erase_on_exit() {
    // A thread that panicked while it drew holds the lock for good.
    if let Some(canvas) = CANVAS.get()
        && let Ok(mut state) = canvas.state.try_lock()
    {
        state.ended = true;
        canvas.ending.notify_all();
        let unfinished = |state: &mut State| state.drawn || !state.pending.is_empty();
        let _ = canvas
            .ending
            .wait_timeout_while(state, LAST_DRAWING, unfinished);
    }
}

impl Canvas {
    /// The state; a holder that panicked cannot take it away, it is only shown.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws until the end.
    fn paint_until_end(&self) {
        let mut wait = FIRST_DRAWING;
        loop {
            let (mut state, _) = self
                .ending
                .wait_timeout_while(self.lock(), wait, |state| !state.ended)
                .unwrap_or_else(PoisonError::into_inner);
            if state.ended {
                self.erase(&mut state);
                self.ending.notify_all();
                return;
            }
            self.paint(&mut state);
            wait = INTERVAL;
        }
    }

    fn paint(&self, state: &mut State) {
        let (rows, columns) = terminal::size();
        let lines = state.board.rows(Instant::now(), rows, columns);
        let lines: Vec<String> = lines.into_iter().map(|row| self.styled(row)).collect();
        let pending = std::mem::take(&mut state.pending);
        if !pending.is_empty() && state.drawn {
            self.bar.suspend(|| terminal::say(&pending));
        } else {
            terminal::say(&pending);
        }
        state.drawn = true;
        self.bar.set_message(lines.join("\n"));
    }

    /// Leaves the screen clean, with the lines that stay.
    fn erase(&self, state: &mut State) {
        if std::mem::take(&mut state.drawn) {
            self.bar.finish_and_clear();
        }
        terminal::say(&std::mem::take(&mut state.pending));
    }

    fn styled(&self, row: Row) -> String {
        match row {
            Row::Action(text) if self.colour => format!("\u{1b}[36m{text}\u{1b}[0m"),
            Row::Counts(text) if self.colour => format!("\u{1b}[1m{text}\u{1b}[0m"),
            Row::Action(text) | Row::Counts(text) => text,
        }
    }
}
