// The process of processes.test.ts.
import { DataError } from '../../dist/base/index.js'
import { answerTasks } from '../../dist/engine/index.js'

answerTasks(async (opening, tell) => {
  if (opening.fails) throw new DataError({ where: 'opening', expected: 'a door', got: 'a wall' })
  return async ({ values, end, fail, wait = 0 }) => {
    if (end) process.kill(process.pid, end)
    if (fail) throw new RangeError(fail)
    tell({ pid: process.pid, began: performance.timeOrigin + performance.now() })
    await new Promise((resolve) => setTimeout(resolve, wait))
    return Float32Array.from(values, (value) => opening.factor * value)
  }
})
