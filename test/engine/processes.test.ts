import { afterEach, describe, expect, it } from 'vitest'
import { DataError, EngineError } from '../../src/base/index.ts'
import { openProcesses, type Processes } from '../../src/engine/index.ts'

interface Task {
  readonly values?: readonly number[]
  readonly wait?: number
  readonly fail?: string
  readonly end?: string
}

const opened: Processes<never, unknown, never>[] = []
afterEach(() => {
  for (const processes of opened.splice(0)) processes.close()
})

function open(opening: object, most = 2) {
  const url = new URL('./echoProcess.mjs', import.meta.url)
  const options = { opening, most, who: 'a process of the test', hint: 'give fewer' }
  const processes = openProcesses<object, Task, Float32Array, { pid: number }>(url, options)
  opened.push(processes as never)
  return processes
}

describe('processes', () => {
  it('do tasks side by side, as many as are allowed, and give each caller its own result', async () => {
    const processes = open({ factor: 2 })
    const pids = new Set<number>()
    const results = await Promise.all(
      [1, 2, 3, 4].map((value) => processes.run({ values: [value], wait: 50 }, ({ pid }) => pids.add(pid))),
    )
    expect(results).toEqual([2, 4, 6, 8].map((value) => Float32Array.of(value)))
    expect(pids.size).toBe(2)
    expect(pids.has(process.pid)).toBe(false)
  })

  it('tell what a task failed of, and go on', async () => {
    const processes = open({ factor: 3 }, 1)
    await expect(processes.run({ fail: 'no such radius' })).rejects.toThrow('no such radius')
    expect(await processes.run({ values: [1] })).toEqual(Float32Array.of(3))
  })

  it('fail each task where they cannot open what they are told to, by the error as it was', async () => {
    const processes = open({ fails: true }, 1)
    for (let i = 0; i < 2; i++) {
      const error = await processes.run({ values: [1] }).catch((cause) => cause)
      expect(error).toBeInstanceOf(DataError)
      expect(error.message).toBe('opening: expected a door, got a wall')
    }
  })

  it('that are ended from outside fail their task, and another takes the next', async () => {
    const processes = open({ factor: 2 }, 1)
    const error = await processes.run({ end: 'SIGKILL' }).catch((cause) => cause)
    expect(error).toBeInstanceOf(EngineError)
    expect(error.message).toBe(
      'a process of the test: expected an answer, got ended by SIGKILL; the system ends processes where memory is full: give fewer',
    )
    expect(await processes.run({ values: [5] })).toEqual(Float32Array.of(10))
  })
})
