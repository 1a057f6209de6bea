// A session on as many threads as run it fastest. Small graphs are slowed down by threads that wait for one another; how many
// pay depends on the processor, so that it is measured while the graph does its work.

import { availableParallelism } from 'node:os'
import { openSession } from './node.ts'
import type { Arrays, Feeds, Session, SessionOptions } from './session.ts'

// The first runs of a session lay out its memory.
const untimed = 2
const timed = 6

/**
 * Opens a model on at most `threads` threads of the processor: its first runs go to sessions of all, half, a quarter, ... of
 * them, eight each, and whatever follows to the one whose median run was shortest. For models that give the same bits on any of
 * these numbers (`stableOptions`), whose runs come one after the other, and of which several fit into the memory.
 * Throws as `openSession` does.
 */
export async function openFastest(model: Uint8Array, options: SessionOptions): Promise<Session> {
  const threads = options.threads ?? availableParallelism()
  const rivals: { readonly session: Session; readonly seconds: number[] }[] = []
  const closeAll = async (sessions: readonly Session[]) => {
    for (const session of sessions) await session.close()
  }
  try {
    for (let count = threads; count >= 1; count >>= 1)
      rivals.push({ session: await openSession(model, { ...options, threads: count }), seconds: [] })
  } catch (error) {
    await closeAll(rivals.map(({ session }) => session))
    throw error
  }
  let chosen = rivals.length === 1 ? rivals[0].session : null
  const choose = async () => {
    const [best, ...others] = rivals.toSorted((a, b) => medianOf(a.seconds) - medianOf(b.seconds))
    chosen = best.session
    await closeAll(others.map(({ session }) => session))
  }
  const { session: first } = rivals[0]
  return {
    ...first,
    async run(feeds: Feeds, into?: Arrays) {
      if (chosen) return chosen.run(feeds, into)
      const { session, seconds } = rivals.find((rival) => rival.seconds.length < untimed + timed)!
      const start = performance.now()
      const results = await session.run(feeds, into)
      seconds.push((performance.now() - start) / 1000)
      if (rivals.every((rival) => rival.seconds.length === untimed + timed)) await choose()
      return results
    },
    async close() {
      await closeAll(chosen ? [chosen] : rivals.map(({ session }) => session))
    },
  }
}

function medianOf(seconds: readonly number[]): number {
  return seconds.slice(untimed).toSorted((a, b) => a - b)[timed >> 1]
}
