import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { f32, loadRows, readBlocks, rowsOf } from '../../src/base/index.ts'
import { openNpy } from '../../src/files/index.ts'
import { writeNpy } from '../../src/formats/index.ts'

const matrix = f32([5, 2], [0, 1, 10, 11, 20, 21, 30, 31, 40, 41])

describe('rows', () => {
  it('are gathered in any order, from memory and from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-rows-'))
    const path = join(folder, 'x.npy')
    await writeFile(path, writeNpy(matrix))
    const file = await openNpy(path)
    try {
      for (const source of [rowsOf(matrix), file]) {
        const into = new Float32Array(10).fill(-1)
        await source.gather(Uint32Array.of(3, 1, 2, 0), into)
        expect([...into]).toEqual([30, 31, 10, 11, 20, 21, 0, 1, -1, -1])
        expect(await loadRows(source)).toEqual(matrix)
      }
      await expect(file.gather(Uint32Array.of(5), new Float32Array(2))).rejects.toThrow(/x\.npy: expected/)
    } finally {
      await file.close()
      await rm(folder, { recursive: true })
    }
  })

  it('are read in blocks, the last one shorter', async () => {
    const blocks: number[][] = []
    for await (const { shape, data } of readBlocks(matrix, { rows: 2 })) blocks.push([shape[0], ...data])
    expect(blocks).toEqual([
      [2, 0, 1, 10, 11],
      [2, 20, 21, 30, 31],
      [1, 40, 41],
    ])
  })
})
