//! What a process costs, as Linux counts it, and what the disk costs in the same minute.

use crate::Outcome;
use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

/// User and system time of all of them. Linux counts in hundredths of a second (USER_HZ).
pub fn cpu(processes: &[u32]) -> Outcome<Duration> {
    let mut ticks = 0;
    for process in processes {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // The name, in brackets, may hold anything; utime and stime are the 12th and 13th fields behind it.
        let fields = stat.rsplit_once(") ").ok_or("stat does not read")?.1;
        ticks += fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    }
    Ok(Duration::from_millis(10 * ticks))
}

/// The process, its children, and theirs.
pub fn family(process: u32) -> Outcome<Vec<u32>> {
    let mut family = vec![process];
    // Each thread has its own list of children.
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        for child in fs::read_to_string(thread?.path().join("children"))?.split_whitespace() {
            family.extend(self::family(child.parse()?)?);
        }
    }
    Ok(family)
}

/// Resident bytes of all of them.
pub fn resident(processes: &[u32]) -> Outcome<u64> {
    let mut kilobytes = 0;
    for process in processes {
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("status does not read")?;
        kilobytes += line.trim().trim_end_matches(" kB").parse::<u64>()?;
    }
    Ok(kilobytes * 1024)
}

/// Runnable processes of the last minute, our own included.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

/// The median of 100: overwriting 4 KB and waiting until they are on the disk.
pub fn fdatasync(folder: &Path) -> Outcome<Duration> {
    let file = File::create(folder.join("fdatasync"))?;
    file.set_len(1 << 20)?;
    file.sync_all()?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let begun = Instant::now();
        file.write_all_at(&[7; 4096], 0)?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}
