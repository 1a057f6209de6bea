import { describe, expect, it } from 'vitest'
import { EngineError } from '../../src/base/index.ts'
import { compiledPath, openWorkers } from '../../src/engine/workers.ts'

const echo = new URL('./echoWorker.mjs', import.meta.url)

describe('the worker pool', () => {
  it('runs tasks in other threads and gives each caller its own result', async () => {
    const workers = openWorkers<{ values: number[] }, { threadId: number; doubled: number[] }>(echo, {
      threads: 2,
    })
    const results = await Promise.all([1, 2, 3, 4, 5].map((value) => workers.run({ values: [value] })))
    await workers.close()
    expect(results.map((result) => result.doubled)).toEqual([[2], [4], [6], [8], [10]])
    expect(results.every((result) => result.threadId > 0)).toBe(true)
  })

  it('moves transferred buffers and shares shared ones', async () => {
    const workers = openWorkers<unknown, unknown>(echo, { threads: 1, exportName: 'fillShared' })
    const shared = new SharedArrayBuffer(4)
    const moved = new ArrayBuffer(16)
    await workers.run({ shared, moved }, [moved])
    await workers.close()
    expect([...new Uint8Array(shared)]).toEqual([7, 7, 7, 7])
    expect(moved.byteLength).toBe(0)
  })

  it("rejects with the task's own error and keeps working", async () => {
    const workers = openWorkers<object, { doubled: number[] }>(echo, { threads: 1 })
    await expect(workers.run({ fail: 'no such radius' })).rejects.toThrow('no such radius')
    expect((await workers.run({ values: [4] })).doubled).toEqual([8])
    await workers.close()
  })

  it('says that the build is missing where a module has no compiled form', () => {
    const missing = new URL('../../src/engine/neverWritten.ts', import.meta.url)
    expect(() => compiledPath(missing)).toThrow(EngineError)
    expect(() => compiledPath(missing)).toThrow(/npm run build/)
  })
})
