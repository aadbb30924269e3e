//! Draws the live view at the bottom of the terminal from a thread of its own,
//! and takes it away again whatever ends the program.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::board::{Board, Row};
use crate::terminal;

/// Nothing is drawn before: most builds change nothing and end sooner.
const FIRST_DRAWING: Duration = Duration::from_millis(100);

/// Time between drawings.
const INTERVAL: Duration = Duration::from_millis(80);

/// The drawing that must be erased when the process ends in the middle.
static DRAWING: OnceLock<ProgressBar> = OnceLock::new();

/// A live view. Dropping it erases it.
#[derive(Debug)]
pub struct Live {
    board: Arc<Mutex<Board>>,
    bar: ProgressBar,
    ended: Arc<(Mutex<bool>, Condvar)>,
    painter: Option<JoinHandle<()>>,
}

impl Live {
    /// Starts the view.
    #[must_use]
    pub fn start(colour: bool) -> Live {
        let board = Arc::new(Mutex::new(Board::new(Instant::now())));
        let target = ProgressDrawTarget::stderr_with_hz(15);
        let style = ProgressStyle::with_template("{msg}");
        let bar = ProgressBar::with_draw_target(None, target)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let ended = Arc::new((Mutex::new(false), Condvar::new()));
        let _ = DRAWING.set(bar.clone());
        let painter = {
            let (board, bar, ended) = (board.clone(), bar.clone(), ended.clone());
            // Without a thread there is no view, which harms nobody.
            std::thread::Builder::new()
                .name("live view".to_owned())
                .spawn(move || paint(&board, &bar, &ended, colour))
                .ok()
        };
        Live {
            board,
            bar,
            ended,
            painter,
        }
    }

    /// The state that is drawn.
    pub fn board(&self) -> MutexGuard<'_, Board> {
        lock(&self.board)
    }

    /// Writes lines above the view.
    pub fn say_above(&self, text: &str) {
        self.bar.suspend(|| terminal::say(text));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        *lock(&self.ended.0) = true;
        self.ended.1.notify_all();
        if let Some(painter) = self.painter.take() {
            let _ = painter.join();
        }
        self.bar.finish_and_clear();
    }
}

/// Erases a view that is being drawn, before the process ends at once.
pub fn erase_on_exit() {
    if let Some(bar) = DRAWING.get() {
        bar.finish_and_clear();
    }
}

/// A lock that a panicking holder cannot take away: the state is only shown.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws until the end.
fn paint(board: &Mutex<Board>, bar: &ProgressBar, ended: &(Mutex<bool>, Condvar), colour: bool) {
    let mut wait = FIRST_DRAWING;
    loop {
        let end = lock(&ended.0);
        let (end, _) = ended
            .1
            .wait_timeout_while(end, wait, |end| !*end)
            .unwrap_or_else(PoisonError::into_inner);
        if *end {
            return;
        }
        drop(end);
        let (rows, columns) = terminal::size();
        let lines = lock(board).rows(Instant::now(), rows, columns);
        let lines: Vec<String> = lines.into_iter().map(|row| styled(row, colour)).collect();
        bar.set_message(lines.join("\n"));
        wait = INTERVAL;
    }
}

fn styled(row: Row, colour: bool) -> String {
    match row {
        Row::Action(text) if colour => format!("\u{1b}[36m{text}\u{1b}[0m"),
        Row::Counts(text) if colour => format!("\u{1b}[1m{text}\u{1b}[0m"),
        Row::Action(text) | Row::Counts(text) => text,
    }
}
