//! Output of a running program, line by line.

use std::{
    io::{BufRead, BufReader, Read},
    process::Child,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{DEADLINE, eventually};

/// The captured standard output and error of a child process.
pub struct Output {
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    stalled: Arc<AtomicBool>,
}

impl Output {
    /// Begins to capture both pipes of the child.
    pub fn capture(child: &mut Child) -> Self {
        let (lines, stalled) = (Arc::default(), Arc::default());
        let pipes: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as _),
            child.stderr.take().map(|pipe| Box::new(pipe) as _),
        ];
        let readers = pipes
            .into_iter()
            .flatten()
            .map(|pipe| read_lines(pipe, Arc::clone(&lines), Arc::clone(&stalled)))
            .collect();
        Self {
            lines,
            readers,
            stalled,
        }
    }

    /// Everything printed so far.
    pub fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Waits for a line that contains the text and returns it.
    pub async fn line_with(&self, text: &str) -> String {
        let what = format!("a line with {text:?} in the output");
        eventually(DEADLINE, &what, async || self.find(text).is_some()).await;
        self.find(text).unwrap()
    }

    /// All lines so far that contain the text.
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        let with = lines.iter().filter(|line| line.contains(text));
        with.cloned().collect()
    }

    /// The number of lines so far.
    pub fn count(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// Returns true if a line after the first `count` contains the text.
    pub fn has_since(&self, count: usize, text: &str) -> bool {
        let lines = self.lines.lock().unwrap();
        lines[count..].iter().any(|line| line.contains(text))
    }

    /// Leaves the pipes unread from now on, or reads them again.
    pub fn stall(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Relaxed);
    }

    /// Everything printed, once the program has ended.
    pub fn finish(&mut self) -> String {
        self.stall(false);
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        self.text()
    }

    fn find(&self, text: &str) -> Option<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().find(|line| line.contains(text)).cloned()
    }
}

fn read_lines(
    pipe: Box<dyn Read + Send>,
    lines: Arc<Mutex<Vec<String>>>,
    stalled: Arc<AtomicBool>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            lines.lock().unwrap().push(line);
            while stalled.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(10));
            }
        }
    })
}
