// Patches that a costly stain normalises once for all who look at them: no patch twice, the same embeddings as without, the
// same bytes after a kill, and nobody misses them once they are removed.

import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import { hashBytes, hashFile } from '../../src/files/index.ts'
import { readRecipe } from '../../src/recipe/index.ts'
import { stainMethods } from '../../src/stain/index.ts'
import { readResults, runStudy, type StudyPlan } from '../../src/study/index.ts'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'
import { hashRun, killDuring } from '../cli/killing.ts'
import { runCli } from '../cli/runCli.ts'
import { tinyCard, tinyWeights } from '../embed/tinyVit.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-pixels-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const counts = { train: 224, val: 16, test: 16 } // two chunks of train
const patches = counts.train + counts.val + counts.test

function writeRecipe(name: string, keepStained: boolean): string {
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }`)
  const text = `name: study
seeds: 1
keepStained: ${keepStained}
data:
${data.join('\n')}
stain: [{ method: vahadane, pixels: 256, steps: 20, reference: { count: 6 } }]
embed: [texture, { extractor: "vit:tiny.json", weights: weights.safetensors, label: vit }]
classify: [logistic]
`
  writeFileSync(at(`${name}.yaml`), text)
  return at(`${name}.yaml`)
}
const args = (name: string, verb = 'run') => {
  const recipe = writeRecipe('kept', true)
  return ['study', verb, recipe, '--out', at(name), '--device', 'cpu', '--threads', '1']
}

// Runs a study in this process and counts how often each patch is normalised by one of its tasks, before the report.
async function countWork(name: string, keepStained: boolean): Promise<number[]> {
  const worked = new Map<string, number>()
  let isReport = false
  const { apply } = stainMethods.vahadane
  const spy = vi.spyOn(stainMethods.vahadane, 'apply').mockImplementation((batch, ...rest) => {
    for (let i = 0; i < batch.count && !isReport; i++) {
      const hash = hashBytes(pixelsAt(batch, i).data)
      worked.set(hash, (worked.get(hash) ?? 0) + 1)
    }
    return apply(batch, ...rest)
  })
  await runStudy(await readRecipe(writeRecipe(name, keepStained)), {
    out: at(name),
    cache: at(name, '.cache'),
    device: 'cpu',
    threads: 1,
    observer: {
      step(stage) {
        isReport = stage === 'report'
        return { progress: () => {}, end: () => {} }
      },
    },
  })
  spy.mockRestore()
  return [...worked.values()]
}

// The embeddings of a run by their names, hashed.
async function hashEmbeddings(name: string): Promise<Record<string, string>> {
  const { embeddings } = await readResults(at(name, 'study'))
  const hashed = Object.entries(embeddings).map(
    async ([key, { file }]) => [key, await hashFile(file)] as const,
  )
  return Object.fromEntries(await Promise.all(hashed))
}

// The chunks of all normalised patches; the seals beside them know what making them cost.
const hashChunks = (name: string) =>
  Object.entries(hashRun(at(name, '.cache', 'pixels'))).filter(([file]) => file.includes('chunk-'))

const listPixels = (name: string) =>
  existsSync(at(name, '.cache', 'pixels')) ? readdirSync(at(name, '.cache', 'pixels')) : []

async function readPlan(name: string): Promise<StudyPlan['steps']> {
  return (JSON.parse((await runCli([...args(name, 'plan'), '--json'])).stdout) as StudyPlan).steps
}

describe('patches that are normalised once', () => {
  beforeAll(async () => {
    await makeSyntheticChallenge(at('data'), { counts, size: 160, testLabels: true, aberrantShare: 0 })
    writeFileSync(at('tiny.json'), JSON.stringify(tinyCard))
    copyFileSync(tinyWeights, at('weights.safetensors'))
    expect(await countWork('kept', true)).toEqual(Array(patches).fill(1))
  }, 240_000)

  it('give the embeddings of patches that are normalised each time', async () => {
    const each = await countWork('each', false)
    expect(each).toHaveLength(patches)
    expect(Math.min(...each)).toBeGreaterThan(1)
    const hashes = await hashEmbeddings('kept')
    expect(Object.keys(hashes)).toHaveLength(6)
    expect(await hashEmbeddings('each')).toEqual(hashes)
    expect([listPixels('kept').length, listPixels('each').length]).toEqual([3, 0])
  }, 240_000)

  it('are the same bytes where they were killed between two chunks', async () => {
    const isBetween = (work: string) => existsSync(join(work, 'chunk-000000.npy'))
    expect(await killDuring(args('killed'), at('killed', '.cache', 'pixels'), isBetween)).toBe(true)
    expect(await runCli(args('killed'))).toMatchObject({ code: 0 })
    expect(hashChunks('kept')).toHaveLength(8)
    expect(hashChunks('killed')).toEqual(hashChunks('kept'))
    expect(hashRun(at('killed', 'study'))).toEqual(hashRun(at('kept', 'study')))
  }, 240_000)

  it('stand in the plan with their size', async () => {
    const { stdout } = await runCli(args('kept', 'plan'))
    expect(stdout).toMatch(/^pixels +vahadane train +224 +cached$/m)
    expect(stdout).toContain(
      'Normalised patches that are kept: 20 MB, until eosin cache prune --stage pixels',
    )
  }, 60_000)

  it('are missed by nobody once they are removed', async () => {
    const prune = ['cache', 'prune', '--out', at('kept'), '--stage', 'pixels']
    expect(await runCli(prune)).toMatchObject({ code: 0, stdout: expect.stringContaining('3 entries') })
    expect(listPixels('kept')).toEqual([])
    const steps = await readPlan('kept')
    expect(steps.filter(({ cached }) => !cached).map(({ kind, due }) => [kind, due])).toEqual(
      Array(3).fill(['pixels', false]),
    )
    expect(steps.length).toBeGreaterThan(18)
    const before = hashRun(at('kept', 'study'))
    expect(await runCli(args('kept'))).toMatchObject({ code: 0 })
    expect(listPixels('kept')).toEqual([])
    expect(hashRun(at('kept', 'study'))).toEqual(before)
  }, 120_000)

  it('are made again for embeddings that are gone, and for those alone', async () => {
    const gone = (await readPlan('kept')).filter(({ what }) => what === 'vahadane/vit val')
    expect(gone).toHaveLength(1)
    rmSync(at('kept', '.cache', 'embed', gone[0].key), { recursive: true })
    const due = (await readPlan('kept')).filter((step) => step.due).map(({ kind, what }) => `${kind} ${what}`)
    expect(due).toEqual(['pixels vahadane val', 'embed vahadane/vit val'])
    const before = hashRun(at('kept', 'study'))
    expect(await runCli(args('kept'))).toMatchObject({ code: 0 })
    expect(hashRun(at('kept', 'study'))).toEqual(before)
  }, 120_000)
})
