//! Figures of the process, for INFO.
//!
//! *Owns*: asking the operating system and the allocator. *Does not own*: how INFO prints them.
//! *Invariant*: a figure that cannot be had is 0, never an error.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use norn_core::contract::Gauges;
use std::sync::OnceLock;

/// What an allocator knows of itself; 0 = unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllocatorFigures {
    /// Bytes handed out.
    pub allocated: u64,
    /// Bytes in pages with allocations.
    pub active: u64,
    /// Bytes kept resident.
    pub resident: u64,
}

/// Every figure. Must be called on the serving thread, whose CPU time is among them.
#[must_use]
pub fn read(allocator: fn() -> AllocatorFigures) -> Gauges {
    let AllocatorFigures { allocated, active, resident } = allocator();
    let (cpu_user_us, cpu_sys_us) = cpu(UsageWho::RUSAGE_SELF);
    let (main_user_us, main_sys_us) = cpu(UsageWho::RUSAGE_THREAD);
    Gauges {
        rss: resident_memory(),
        allocated,
        active,
        resident,
        total_system_memory: system_memory(),
        cpu_user_us,
        cpu_sys_us,
        main_user_us,
        main_sys_us,
    }
}

/// For servers whose allocator tells nothing.
#[must_use]
pub fn unknown_allocator() -> AllocatorFigures {
    AllocatorFigures::default()
}

fn cpu(who: UsageWho) -> (u64, u64) {
    let Ok(usage) = getrusage(who) else { return (0, 0) };
    (micros(usage.user_time()), micros(usage.system_time()))
}

fn micros(time: TimeVal) -> u64 {
    u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0)
}

/// The second field of `/proc/self/statm`, in pages of the system's size.
fn resident_memory() -> u64 {
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(4096);
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|field| field.parse().ok()).unwrap_or(0);
    pages.saturating_mul(u64::try_from(page).unwrap_or(0))
}

/// The first line of `/proc/meminfo`, `MemTotal:  16318480 kB`. It never changes, and costs more than all the rest.
fn system_memory() -> u64 {
    static TOTAL: OnceLock<u64> = OnceLock::new();
    *TOTAL.get_or_init(read_system_memory)
}

fn read_system_memory() -> u64 {
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib: u64 = total.and_then(|rest| rest.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0);
    kib * 1024
}

#[cfg(test)]
mod tests {
    use super::{AllocatorFigures, read};

    #[test]
    fn every_figure_is_plausible() {
        let mut sum = 0_u64;
        for i in 0..20_000_000_u64 {
            sum = std::hint::black_box(sum ^ i);
        }
        let gauges = read(|| AllocatorFigures { allocated: 1, active: 2, resident: 3 });
        assert!(gauges.rss > 500_000, "{gauges:?}");
        assert!(gauges.total_system_memory > gauges.rss);
        assert!(gauges.cpu_user_us > 0 && gauges.cpu_user_us < 1_000_000_000);
        assert!(gauges.main_user_us > 0 && gauges.main_user_us <= gauges.cpu_user_us + 10_000);
        assert_eq!((gauges.allocated, gauges.active, gauges.resident), (1, 2, 3));
    }
}
