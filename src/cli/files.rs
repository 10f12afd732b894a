//! Files as the command line sees them: inputs that may be compressed, outputs that appear whole or not at all.

use super::Failure;
use flate2::bufread::MultiGzDecoder;
use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// What stands for standard input or output.
pub const STANDARD: &str = "-";

/// Bytes of an output for a pipe that are kept in memory before a file takes them.
const MEMORY_MAX: usize = 16 << 20;

const BUFFER: usize = 256 << 10;

/// An input's name in messages.
pub fn shown(path: &str) -> &str {
    if path == STANDARD { "stdin" } else { path }
}

/// The failure of an input that cannot be read.
pub fn unreadable(path: &str, error: &io::Error) -> Failure {
    let found = match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::IsADirectory => "a directory".to_owned(),
        ErrorKind::PermissionDenied => "a file this user may not read".to_owned(),
        ErrorKind::UnexpectedEof => "a compressed file that is cut short".to_owned(),
        _ => error.to_string(),
    };
    let error = plimsoll_text::Error::new("file", "a readable file", &found);
    Failure::input(error.in_file(shown(path)))
}

/// Makes a folder, and those above it, for its owner alone; one that is there stays as it is.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// An input being read, and how far.
pub struct Input {
    reader: Box<dyn BufRead>,
    read: Rc<Cell<u64>>,
    /// Bytes in the file, where that is known.
    pub len: Option<u64>,
}

impl Input {
    /// Opens a file or standard input; gzip is recognised by its first bytes.
    pub fn open(path: &str) -> Result<Input, Failure> {
        let read = Rc::new(Cell::new(0));
        let (raw, len): (Box<dyn Read>, Option<u64>) = if path == STANDARD {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(|error| unreadable(path, &error))?;
            let len = file.metadata().ok().filter(|about| about.is_file()).map(|about| about.len());
            (Box::new(file), len)
        };
        let counted = Counted { inner: raw, read: Rc::clone(&read) };
        let mut plain = BufReader::with_capacity(BUFFER, counted);
        let start = plain.fill_buf().map_err(|error| unreadable(path, &error))?;
        let reader: Box<dyn BufRead> = if start.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(plain)))
        } else {
            Box::new(plain)
        };
        Ok(Input { reader, read, len })
    }

    /// Bytes of the file taken so far.
    pub fn position(&self) -> u64 {
        self.read.get()
    }

    /// What is read, uncompressed.
    pub fn reader(&mut self) -> &mut dyn BufRead {
        &mut *self.reader
    }

    /// Reads the next line into `line`, its newline dropped; false at the end.
    pub fn line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        if self.reader.read_until(b'\n', line)? == 0 {
            return Ok(false);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Ok(true)
    }
}

struct Counted {
    inner: Box<dyn Read>,
    read: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// Reads a whole file.
pub fn read_bytes(path: &str) -> Result<Vec<u8>, Failure> {
    let mut input = Input::open(path)?;
    let mut bytes = Vec::new();
    input.reader.read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// Reads a whole file of text of at most `max` bytes.
pub fn read_text_of(path: &str, max: u64) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let input = Input::open(path)?;
    input.reader.take(max + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > max {
        let expected = format!("a file of at most {} MiB", max >> 20);
        let error = plimsoll_text::Error::new("file", expected, "a longer one");
        return Err(Failure::input(error.in_file(shown(path))));
    }
    text_of(path, bytes)
}

/// Reads a whole file of text.
pub fn read_text(path: &str) -> Result<String, Failure> {
    text_of(path, read_bytes(path)?)
}

/// Bytes read from `path` as text.
fn text_of(path: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count();
        let error = plimsoll_text::Error::new("line", "UTF-8 text", "invalid bytes");
        Failure::input(error.at(shown(path), line as u64))
    })
}

/// Refuses outputs that would overwrite each other or an input.
pub fn distinct(inputs: &[&str], outputs: &[(&str, &str)]) -> Result<(), Failure> {
    for (n, (name, path)) in outputs.iter().enumerate() {
        let place = place(path);
        if let Some((other, _)) = outputs[..n].iter().find(|(_, other)| self::place(other) == place)
        {
            let what = if *path == STANDARD { "stdout" } else { path };
            return Err(Failure::input(format!(
                "{name}: expected a place of its own, found {what}, where {other} goes"
            )));
        }
        let is_input = |input: &&&str| **input != STANDARD && self::place(input) == place;
        if *path != STANDARD && inputs.iter().any(|input| is_input(&input)) {
            return Err(Failure::input(format!(
                "{name}: expected a file that is no input, found {path}"
            )));
        }
    }
    Ok(())
}

/// A path by which two names of one file are equal.
fn place(path: &str) -> PathBuf {
    let path = Path::new(path);
    if let Ok(whole) = fs::canonicalize(path) {
        return whole;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).unwrap_or_default();
    folder.join(path.file_name().unwrap_or_default())
}

/// An output being written: nobody sees it until [`commit`].
pub struct Output {
    path: String,
    store: Store,
}

enum Store {
    /// For a pipe or a device: what is to be written there in the end.
    Memory(Vec<u8>),
    /// The same, once it has grown: a file without a name.
    Spool(BufWriter<File>),
    /// For a file: its neighbour, renamed in the end.
    Neighbour { writer: BufWriter<File>, temp: Temp, target: PathBuf },
}

/// A file that goes when nobody keeps it.
struct Temp(PathBuf);

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Output {
    /// Begins an output at `path`, or at standard output.
    ///
    /// Errors, exit 2: no such directory, a directory, no permission.
    pub fn create(path: &str) -> Result<Output, Failure> {
        let refused = |found: &str| {
            let error = plimsoll_text::Error::new("file", "a file that can be written", found);
            Failure::input(error.in_file(path))
        };
        let target = fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
        let about = fs::metadata(&target).ok();
        if about.as_ref().is_some_and(|about| about.is_dir()) {
            return Err(refused("a directory"));
        }
        if path == STANDARD || about.is_some_and(|about| !about.is_file()) {
            return Ok(Output { path: path.to_owned(), store: Store::Memory(Vec::new()) });
        }
        let Some(name) = target.file_name() else {
            return Err(refused("no file name"));
        };
        let temp = format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id());
        let temp = target.with_file_name(temp);
        let file = File::create(&temp).map_err(|error| match error.kind() {
            ErrorKind::NotFound => refused("no such directory"),
            ErrorKind::PermissionDenied => refused("a directory this user may not write to"),
            _ => refused(&error.to_string()),
        })?;
        let writer = BufWriter::with_capacity(BUFFER, file);
        let store = Store::Neighbour { writer, temp: Temp(temp), target };
        Ok(Output { path: path.to_owned(), store })
    }

    /// Adds to the output.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.put(bytes).map_err(|error| unwritable(&self.path, &error))
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.store {
            Store::Memory(memory) if memory.len() + bytes.len() > MEMORY_MAX => spool(memory)
                .and_then(|mut file| {
                    file.write_all(bytes)?;
                    self.store = Store::Spool(file);
                    Ok(())
                }),
            Store::Memory(memory) => {
                memory.extend_from_slice(bytes);
                Ok(())
            }
            Store::Spool(writer) | Store::Neighbour { writer, .. } => writer.write_all(bytes),
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let flushed = match &mut self.store {
            Store::Memory(_) => Ok(()),
            Store::Spool(writer) => writer.flush(),
            Store::Neighbour { writer, .. } => {
                writer.flush().and_then(|()| writer.get_ref().sync_data())
            }
        };
        flushed.map_err(|error| unwritable(&self.path, &error))
    }

    fn publish(self) -> Result<(), Failure> {
        let Output { path, store } = self;
        let published = match store {
            Store::Memory(bytes) => pipe(&path, &mut bytes.as_slice()),
            Store::Spool(writer) => {
                writer.into_inner().map_err(io::IntoInnerError::into_error).and_then(|mut file| {
                    io::Seek::rewind(&mut file)?;
                    pipe(&path, &mut file)
                })
            }
            Store::Neighbour { temp, target, .. } => fs::rename(&temp.0, target),
        };
        published.map_err(|error| unwritable(&path, &error))
    }
}

/// For those who write to anything; errors are the bare ones.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The failure of an output that could not be written to its end.
pub fn unwritable(path: &str, error: &io::Error) -> Failure {
    let name = if path == STANDARD { "stdout" } else { path };
    Failure::run(format!("{name}: file: expected to be written whole, found {error}"))
}

/// Makes every output appear: files first, pipes last.
pub fn commit(mut outputs: Vec<Output>) -> Result<(), Failure> {
    for output in &mut outputs {
        output.flush()?;
    }
    let (files, pipes): (Vec<_>, Vec<_>) =
        outputs.into_iter().partition(|output| matches!(output.store, Store::Neighbour { .. }));
    files.into_iter().chain(pipes).try_for_each(Output::publish)
}

/// A file without a name that holds what `memory` held.
fn spool(memory: &mut Vec<u8>) -> io::Result<BufWriter<File>> {
    static SPOOLS: AtomicU32 = AtomicU32::new(0);
    let name = format!("plimsoll.{}.{}", std::process::id(), SPOOLS.fetch_add(1, Relaxed));
    let temp = Temp(std::env::temp_dir().join(name));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&temp.0)?;
    let mut writer = BufWriter::with_capacity(BUFFER, file);
    writer.write_all(&std::mem::take(memory))?;
    Ok(writer)
}

/// Copies to a pipe or device. A reader that has gone away wanted no more: that is no failure.
fn pipe(path: &str, from: &mut dyn Read) -> io::Result<()> {
    let copied = if path == STANDARD {
        let mut out = io::stdout().lock();
        io::copy(from, &mut out).and_then(|_| out.flush())
    } else {
        OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut out| io::copy(from, &mut out).map(drop))
    };
    match copied {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
