// What is read of a run folder for its report: where its cache lies and whether it holds a submission.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRunFolder, writeReport } from '../../src/report/index.ts'
import { inventRun, textOf, writeSampleRun } from './sampleRun.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'eosin-report-folder-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function writeRun(name: string, head?: string): Promise<string> {
  const folder = join(root, name)
  await writeSampleRun(folder, inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] }), false)
  const cells = { 'none/texture/mlp': [{ seed: 0, head, curve: '', probabilities: {} }] }
  if (head !== undefined) await writeFile(join(folder, 'results.json'), JSON.stringify({ cells }))
  return folder
}

describe('the command that repeats a run', () => {
  it('names the cache as seen from the run folder, and is the same wherever the run lies', async () => {
    const folder = await writeRun('with', '../../my cache/classify/0123/head')
    const page = await readFile(await writeReport(folder), 'utf8')
    expect(textOf(page)).toContain(
      'In the folder of this run, which holds recipe.yaml : eosin study run recipe.yaml --out .. --cache &#39;../../my cache&#39;',
    )
    expect(page).not.toContain(root)
  })

  it('leaves the cache out where the run does not say it', async () => {
    expect((await readRunFolder(await writeRun('without'))).cache).toBeNull()
    expect((await readRunFolder(await writeRun('elsewhere', '../heads/0123/head'))).cache).toBeNull()
  })
})

describe('the submission', () => {
  it('is known by its file', async () => {
    const folder = await writeRun('submission')
    expect((await readRunFolder(folder)).hasSubmission).toBe(false)
    await writeFile(join(folder, 'submission.csv'), 'ID,Pred\n')
    expect((await readRunFolder(folder)).hasSubmission).toBe(true)
  })
})
