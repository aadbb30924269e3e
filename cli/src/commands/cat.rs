//! `kiln cat`: the bytes of a target's output files on stdout.

use std::io::{self, Write};

use kiln_engine::cancel::CancelToken;

use crate::exit::{CommandError, Exit};
use crate::session::{Session, wait_for};
use crate::signals::{self, FirstSignal};
use crate::terminal;

/// Does it.
pub fn execute(session: &Session, reference: &str) -> Result<Exit, CommandError> {
    let workspace = session.workspace()?;
    let reference = workspace.reference(reference)?;
    let reporting = session.reporting(&workspace)?;
    let engine = session.engine(&workspace, reporting.clone())?;
    let cancel = CancelToken::new();
    signals::listen(FirstSignal::Cancel(cancel.clone()));
    let mut writer = Watched::new(io::stdout());
    let result = wait_for(engine.cat(&reference, &cancel, &mut writer))?;
    reporting.close_screen();
    let closed = writer.closed;
    let exit = match result {
        Ok(()) => {
            terminal::written(writer.flush())?;
            Exit::Done
        }
        Err(_) if closed => Exit::Done,
        Err(failure) => {
            let error = CommandError::from(failure);
            reporting.complain(&error);
            reporting.end(error.exit, None);
            return Ok(error.exit);
        }
    };
    reporting.end(exit, None);
    Ok(exit)
}

/// A writer that remembers that its reader went away.
struct Watched<W> {
    inner: W,
    closed: bool,
}

impl<W: Write> Watched<W> {
    fn new(inner: W) -> Watched<W> {
        Watched {
            inner,
            closed: false,
        }
    }

    fn watch<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            self.closed |= error.kind() == io::ErrorKind::BrokenPipe;
            io::Error::new(error.kind(), format!("stdout: {error}"))
        })
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(bytes);
        self.watch(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();
        self.watch(result)
    }
}
