//! Reading and matching, on all processors at once. Each thread reads whole files; a thread that has
//! none left helps to match the records of those that are still being read, so that one great file
//! keeps more than one processor busy. Records are dropped as soon as they have been matched.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;
use jiff::Timestamp;
use sigma::Level;
use sigma::correlation::Lost;
use telemetry::{Error, Event, Mappings, Options, Reader};

use super::correlate::{Joiner, Seen};
use super::finding::{Finding, Place};
use super::rules::Rules;
use crate::files::LogFile;

/// Records handed over to another thread at once.
const BATCH: usize = 256;

/// What to look for.
pub struct Search<'a> {
    pub rules: &'a Rules,
    pub level: Level,
    pub from: Option<Timestamp>,
    /// The first moment that is out of the range again.
    pub until: Option<Timestamp>,
    /// The time of reading, by which messages without a year get one.
    pub now: Timestamp,
    /// What the records of products mean.
    pub mappings: Arc<Mappings>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Harvest {
    /// Sorted by time.
    pub findings: Vec<Finding>,
    /// In the order of the files.
    pub outcomes: Vec<Outcome>,
    pub events: u64,
    /// Events outside of the range of time, and those that tell no time where a range was given.
    pub outside: u64,
    pub timeless: u64,
    /// Hits of correlations that told no time, and those that could not be kept.
    pub uncorrelated: u64,
    pub lost: Lost,
}

/// What came of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Read,
    /// In no format that is known, or empty.
    Skipped,
    /// Some records could not be read; the first reason.
    Damaged {
        records: u64,
        first: String,
    },
    /// The file could not be read at all.
    Unreadable(String),
}

struct Batch {
    file: usize,
    events: Vec<(u64, Event)>,
}

#[derive(Default)]
struct Queue {
    batches: VecDeque<Batch>,
    reading: usize,
}

struct Work<'a> {
    search: &'a Search<'a>,
    files: &'a [LogFile],
    /// The numbers of the files, the largest first: a large one that comes last would be waited for.
    order: Vec<usize>,
    next: AtomicUsize,
    idle: AtomicUsize,
    queue: Mutex<Queue>,
    handed: Condvar,
    progress: &'a ProgressBar,
}

/// What one thread has brought in.
#[derive(Default)]
struct Basket {
    findings: Vec<Finding>,
    seen: Vec<Seen>,
    uncorrelated: u64,
    outcomes: Vec<(usize, Outcome)>,
    events: u64,
    outside: u64,
    timeless: u64,
}

impl Basket {
    /// Keeps what correlations want to know of the event that the rule has matched.
    fn see(&mut self, rules: &Rules, event: &Event, place: Place, rule: usize) {
        let sightings = rules.correlations.sightings(rule, event);
        if sightings.is_empty() {
            return;
        }
        match event.time {
            Some(at) => self.seen.push(Seen { at, host: event.host.clone(), place, rule, sightings }),
            None => self.uncorrelated += 1,
        }
    }
}

/// Reads the files and gives what the rules found in them. The result hangs on the files alone, not
/// on which thread was when where.
pub fn scan(files: &[LogFile], search: &Search<'_>, progress: &ProgressBar) -> Harvest {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|file| std::cmp::Reverse(files.get(*file).map_or(0, |file| file.bytes)));
    let work = Work {
        search,
        files,
        order,
        next: AtomicUsize::new(0),
        idle: AtomicUsize::new(0),
        queue: Mutex::new(Queue { batches: VecDeque::new(), reading: threads }),
        handed: Condvar::new(),
        progress,
    };
    let mut harvest = Harvest::default();
    let (mut outcomes, mut seen) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work.run())).collect();
        for worker in workers {
            match worker.join() {
                Ok(basket) => {
                    harvest.findings.extend(basket.findings);
                    harvest.uncorrelated += basket.uncorrelated;
                    seen.extend(basket.seen);
                    outcomes.extend(basket.outcomes);
                    harvest.events += basket.events;
                    harvest.outside += basket.outside;
                    harvest.timeless += basket.timeless;
                }
                // A fault of ours; going on with a part of the findings would hide it.
                Err(fault) => std::panic::resume_unwind(fault),
            }
        }
    });
    outcomes.sort_unstable_by_key(|(file, _)| *file);
    harvest.outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let mut joiner = Joiner::new(search.rules, search.level);
    harvest.findings.extend(joiner.join(seen));
    harvest.lost = joiner.lost();
    harvest.findings.sort_by_cached_key(Finding::order);
    harvest
}

/// Ends a thread's part as a reader, also when it ends by a fault: the others wait for it.
struct Reading<'a, 'b>(&'a Work<'b>);

impl Drop for Reading<'_, '_> {
    fn drop(&mut self) {
        self.0.lock().reading -= 1;
        self.0.handed.notify_all();
    }
}

impl Work<'_> {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) -> Basket {
        let mut basket = Basket::default();
        let reading = Reading(self);
        while let Some(number) = self.order.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(file) = self.files.get(*number) {
                let outcome = self.read(*number, file, &mut basket);
                basket.outcomes.push((*number, outcome));
            }
        }
        drop(reading);
        self.idle.fetch_add(1, Ordering::Relaxed);
        while let Some(batch) = self.take() {
            self.idle.fetch_sub(1, Ordering::Relaxed);
            self.sift(batch, &mut basket);
            self.idle.fetch_add(1, Ordering::Relaxed);
        }
        basket
    }

    /// Waits for records to match; `None` when no more will come.
    fn take(&self) -> Option<Batch> {
        let mut queue = self.lock();
        loop {
            if let Some(batch) = queue.batches.pop_front() {
                return Some(batch);
            }
            if queue.reading == 0 {
                return None;
            }
            queue = self.handed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn read(&self, number: usize, file: &LogFile, basket: &mut Basket) -> Outcome {
        let mut reader = match self.open(file) {
            Ok(reader) => reader,
            Err(Error::Unrecognised { .. } | Error::Empty { .. }) => return Outcome::Skipped,
            Err(error) => return Outcome::Unreadable(error.to_string()),
        };
        let mut damage: Option<(u64, String)> = None;
        let mut batch = Batch { file: number, events: Vec::with_capacity(BATCH) };
        let mut record = 0;
        for outcome in &mut reader {
            record += 1;
            match outcome {
                Ok(event) => batch.events.push((record, event)),
                Err(error) => damage.get_or_insert_with(|| (0, error.to_string())).0 += 1,
            }
            if batch.events.len() == BATCH {
                let full =
                    std::mem::replace(&mut batch, Batch { file: number, events: Vec::with_capacity(BATCH) });
                self.hand_over(full, basket);
            }
        }
        self.hand_over(batch, basket);
        match damage {
            None => Outcome::Read,
            Some((records, first)) => Outcome::Damaged { records, first },
        }
    }

    fn open(&self, file: &LogFile) -> Result<Reader, Error> {
        let name = file.path.display().to_string();
        let opened = match File::open(&file.path) {
            Ok(opened) => opened,
            Err(source) => return Err(Error::Open { name, source }),
        };
        let counted = Counted { file: opened, progress: self.progress.clone(), left: file.bytes };
        telemetry::from_read(
            &name,
            counted,
            &Options::new(self.search.now).with_mappings(Arc::clone(&self.search.mappings)),
        )
    }

    /// Gives the records to a thread that has nothing to do, or matches them here.
    fn hand_over(&self, batch: Batch, basket: &mut Basket) {
        let idle = self.idle.load(Ordering::Relaxed);
        if idle > 0 {
            let mut queue = self.lock();
            if queue.batches.len() < idle {
                queue.batches.push_back(batch);
                drop(queue);
                self.handed.notify_one();
                return;
            }
        }
        self.sift(batch, basket);
    }

    fn sift(&self, batch: Batch, basket: &mut Basket) {
        let search = self.search;
        let ranged = search.from.is_some() || search.until.is_some();
        for (record, event) in batch.events {
            basket.events += 1;
            match event.time {
                None if ranged => basket.timeless += 1,
                Some(at)
                    if search.from.is_some_and(|from| at < from)
                        || search.until.is_some_and(|until| at >= until) =>
                {
                    basket.outside += 1;
                }
                _ => {
                    let place = Place { file: batch.file, record };
                    for detection in search.rules.engine.detect(&event) {
                        basket.see(search.rules, &event, place, detection.rule);
                        if search.rules.raises(detection.rule, search.level) {
                            basket.findings.push(Finding::new(&event, place, detection));
                        }
                    }
                }
            }
        }
    }
}

/// A file that moves the progress bar as it is read, and to its end when it is left.
struct Counted {
    file: File,
    progress: ProgressBar,
    left: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        let step = u64::try_from(read).unwrap_or(0).min(self.left);
        self.left -= step;
        self.progress.inc(step);
        Ok(read)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.progress.inc(self.left);
    }
}
