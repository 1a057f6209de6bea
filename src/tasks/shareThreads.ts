// How threads are shared out among tasks that run at once: as they are begun, and as a forecast lays them out.

/**
 * Threads for a task that begins now: an even share of those that are free, one at least. `all` there are, `used` those of tasks
 * that run; `ready` tasks could begin now, this one among them, on `places` free places.
 */
export function shareThreads(all: number, used: number, ready: number, places: number): number {
  return Math.max(1, Math.floor((all - used) / Math.min(ready, places)))
}
