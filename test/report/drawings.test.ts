// Drawings that are kept: the same report with them and without, drawn anew only where what they show has changed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { drawOnce, withDrawings } from '../../src/report/drawings.ts'
import { readDrawings, writeDrawings } from '../../src/report/drawingsFile.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-drawings-'))
const path = join(folder, 'drawings.json')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const draw = vi.fn(async (text: string) => `<svg>${text}</svg>`)
const compose = (...specifications: string[]) =>
  readDrawings(path).then(async (before) => {
    const { result, drawings } = await withDrawings(before, async () => {
      const all: string[] = []
      for (const one of specifications) all.push(await drawOnce(one, () => draw(one)))
      return all
    })
    await writeDrawings(path, drawings)
    return result
  })

describe('drawings', () => {
  it('are made once for each specification, and found by the next report', async () => {
    expect(await compose('a', 'b', 'a')).toEqual(['<svg>a</svg>', '<svg>b</svg>', '<svg>a</svg>'])
    expect(draw).toHaveBeenCalledTimes(2)
    expect(await compose('b', 'a')).toEqual(['<svg>b</svg>', '<svg>a</svg>'])
    expect(draw).toHaveBeenCalledTimes(2)
    expect(await compose('a', 'c')).toEqual(['<svg>a</svg>', '<svg>c</svg>'])
    expect(draw).toHaveBeenCalledTimes(3)
  })

  it('that the last report did not show are forgotten', async () => {
    await compose('a')
    expect(await readDrawings(path)).toEqual([['a', '<svg>a</svg>']])
  })

  it('are made anew where their file is damaged', async () => {
    writeFileSync(path, '{"ab')
    expect(await compose('a')).toEqual(['<svg>a</svg>'])
    expect(await readDrawings(path)).toEqual([['a', '<svg>a</svg>']])
  })
})
