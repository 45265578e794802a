//! Running many cases on all cores.

/// Runs `each` on as many threads as there are cores; it makes a world of its own.
pub fn on_all_cores(each: impl Fn() + Sync) {
    let cores = std::thread::available_parallelism().unwrap().get();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(&each);
        }
    });
}

/// Runs on one thread, so that everything happens in one order.
pub fn alone<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}
