// Fits on disk: what is written comes back, and what is none is refused by name.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openStainFit, writeStainFit } from '../../src/normalise/index.ts'
import { stainMethods } from '../../src/stain/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-stain-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function writeJson(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(content))
  return path
}

describe('openStainFit', () => {
  it('reads what was written', async () => {
    const fit = { mean: [1, 2, 3], std: [4, 5, 6] }
    const { version } = stainMethods.reinhard
    const path = join(folder, 'reinhard.json')
    await writeStainFit(path, { method: 'reinhard', version, options: { variant: 'modified' }, fit })
    const opened = await openStainFit(path, { provider: 'cpu', threads: 1 })
    expect(opened).toMatchObject({ fit, provider: 'cpu', entry: { options: { variant: 'modified' } } })
    expect(opened.method).toBe(stainMethods.reinhard)
  })

  it('refuses a path where nothing is, and a folder without a fit', async () => {
    const said = /expected what eosin stain fit or stain train wrote, got no such file or folder/
    await expect(openStainFit(join(folder, 'nowhere.json'))).rejects.toThrow(said)
    mkdirSync(join(folder, 'empty'))
    await expect(openStainFit(join(folder, 'empty'))).rejects.toThrow(/empty.fit\.json: expected/)
  })

  it('refuses JSON that is no fit', async () => {
    for (const content of [null, 3, [], {}, { mean: [1, 2, 3] }, { method: 'macenko', version: 1 }]) {
      await expect(openStainFit(writeJson('other.json', content))).rejects.toThrow(
        /other\.json: expected what eosin stain fit or stain train wrote, got other JSON/,
      )
    }
  })

  it('refuses a fit of another version, and a trained one without networks', async () => {
    const old = { method: 'macenko', version: 0, options: {}, fit: {} }
    await expect(openStainFit(writeJson('old.json', old))).rejects.toThrow(
      /got version 0; fit it again with eosin stain fit/,
    )
    const { version } = stainMethods.cyclegan
    const bare = { method: 'cyclegan', version, options: {}, fit: { target: '0' } }
    await expect(openStainFit(writeJson('bare.json', bare))).rejects.toThrow(
      /bare\.json: expected a fit of cyclegan with its networks, got none; train it again with eosin stain train/,
    )
  })
})
