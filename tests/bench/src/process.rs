//! What a process has taken.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::failure::Failure;

/// The most memory this process ever had, in KiB.
pub(crate) fn peak() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line
        .and_then(|line| line.split_whitespace().next())
        .ok_or("VmHWM is not known here")?;
    Ok(number.parse()?)
}

/// The processor time this process has used, in seconds.
pub(crate) fn cpu() -> Result<f64, Failure> {
    Ok(seconds(&getrusage(UsageWho::RUSAGE_SELF)?))
}

/// What the children of this process that have ended used: processor time of all in seconds, and the most memory of one in KiB.
pub(crate) fn children() -> Result<(f64, i64), Failure> {
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok((seconds(&used), used.max_rss()))
}

fn seconds(used: &Usage) -> f64 {
    let seconds = |time: TimeVal| Duration::from_micros(time.num_microseconds().unsigned_abs()).as_secs_f64();
    seconds(used.user_time()) + seconds(used.system_time())
}
