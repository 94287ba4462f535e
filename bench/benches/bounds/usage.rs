//! What this process uses, as Linux counts it.
use std::fs;

/// Processor time, and memory above what was there before.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) milliseconds: f64,
    pub(crate) mebibytes: f64,
}

impl Usage {
    /// The least time, since the machine does other work, too; and the most memory, since a later request finds free
    /// what an earlier one took from the system.
    pub(crate) fn typical(self, other: Self) -> Self {
        Self { milliseconds: self.milliseconds.min(other.milliseconds), mebibytes: self.mebibytes.max(other.mebibytes) }
    }

    pub(crate) fn is_within(self, most: Self) -> bool {
        self.milliseconds <= most.milliseconds && self.mebibytes <= most.mebibytes
    }
}

/// What some work uses.
pub(crate) fn of(work: impl FnOnce()) -> Usage {
    // The peak is counted anew from here (proc(5), `clear_refs`).
    fs::write("/proc/self/clear_refs", "5").expect("the peak of memory can be reset");
    let (time, memory) = (processor_time(), kibibytes("VmRSS:"));
    work();
    Usage { milliseconds: (processor_time() - time) / 1e6, mebibytes: (kibibytes("VmHWM:") - memory).max(0.0) / 1024.0 }
}

/// The processor time of all threads so far, in nanoseconds.
fn processor_time() -> f64 {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let time = |thread: std::io::Result<fs::DirEntry>| {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    threads.filter_map(time).sum()
}

fn kibibytes(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
