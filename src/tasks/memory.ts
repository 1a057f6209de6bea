// What memory there is for tasks, and which of them fit in it together.

import { freemem, totalmem } from 'node:os'

/** MB (2^20 bytes) that processes begun now may take: what the system can give, within what this process's group is allowed. */
export function readAvailableMb(): number {
  // What macOS calls free leaves out what files lie in, which it gives at once.
  const free = process.platform === 'darwin' ? totalmem() : freemem()
  const allowed = process.constrainedMemory() || Number.POSITIVE_INFINITY
  return Math.min(free, allowed) / 2 ** 20
}

/**
 * Whether a task may run beside others, for `execute`: as long as the peaks of all of them, in MB by key, come to no more than
 * `mb`. Of a task that is not named nothing is known, and it is taken to need nothing.
 */
export function openMemory(
  mb: number,
  peaks: ReadonlyMap<string, number>,
): (task: { readonly key: string }, running: readonly { readonly key: string }[]) => boolean {
  return (task, running) => [task, ...running].reduce((sum, { key }) => sum + (peaks.get(key) ?? 0), 0) <= mb
}
