// A process that works for a run: `node jobChild.js`, told over its channel which study and which tasks. It ends with the
// process that began it.

import { describeCause, type Progress } from '../base/index.ts'
import { shareCores } from '../engine/index.ts'
import { type Answer, type Order, tellError } from './jobMessages.ts'
import { openWorker, type Worker } from './worker.ts'

shareCores()

const tell = (answer: Answer) => process.send?.(answer, () => {}) // the run may have ended

process.on('disconnect', () => process.exit(0))
// A terminal sends these to all: the run decides, and takes its processes along.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('SIGTERM', () => process.exit(143))
process.on('uncaughtException', (cause) => {
  process.stderr.write(`${describeCause(cause)}\n`)
  process.exit(1)
})

// Often enough to look at.
const everyMs = 100

function throttle(progress: Progress): Progress {
  let told = 0
  return (...parts) => {
    const now = performance.now()
    if (now - told < everyMs) return
    told = now
    progress(...parts)
  }
}

let opening: Promise<Worker> | undefined

process.on('message', async (order: Order) => {
  if ('study' in order) {
    opening = openWorker(order.study, {
      note: (note) => tell({ note }),
      warn: (warning) => tell({ warning }),
    })
    opening.catch(() => {}) // told with the first task
    return
  }
  try {
    const worker = await opening!
    const { cached } = await worker.run(
      order.key,
      order.threads,
      throttle((done, total, note) => tell({ progress: { done, total, note } })),
    )
    tell({ done: order.key, cached })
  } catch (cause) {
    tell({ failed: order.key, error: tellError(cause) })
  }
})
