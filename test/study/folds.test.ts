// Leave one center out: neither training nor stopping sees the center that is held out.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import { allRows, createChallengeFile, openPatchSet } from '../../src/patches/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import { type Fold, listFolds } from '../../src/study/folds.ts'
import { planStudy, runStudy } from '../../src/study/index.ts'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-folds-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const observer = { step: () => ({ progress: () => {}, end: () => {} }) }

const splitsOf = (train: readonly string[] | null, val: readonly string[] | null) =>
  ({
    train: { split: 'train', set: { centers: train, source: 'train.h5' } },
    val: { split: 'val', set: { centers: val, source: 'val.h5' } },
  }) as never

describe('the folds', () => {
  it('hold out every labelled center once, and stop by the next', () => {
    expect(listFolds({ protocol: 'challenge' }, splitsOf(null, null))).toEqual([])
    expect(listFolds({ protocol: 'leave-one-center-out' }, splitsOf(['3', '0', '4', '10'], ['1']))).toEqual<
      Fold[]
    >([
      { held: '0', stop: '1', train: ['3', '4', '10'] },
      { held: '1', stop: '3', train: ['0', '4', '10'] },
      { held: '3', stop: '4', train: ['0', '1', '10'] },
      { held: '4', stop: '10', train: ['0', '1', '3'] },
      { held: '10', stop: '0', train: ['1', '3', '4'] },
    ])
  })

  it.each([
    [
      ['0'],
      ['0'],
      'expected three labelled centers: one to hold out, one to stop by, one to train on, got 0',
    ],
    [['0'], ['1'], 'got 0, 1; write protocol: challenge'],
    [null, ['1'], 'expected the center of every patch of train, got none in train.h5'],
  ])('are refused with too few centers: %j and %j', (train, val, message) => {
    expect(() => listFolds({ protocol: 'leave-one-center-out' }, splitsOf(train, val))).toThrow(message)
  })
})

// Copies the data, but for what `change` makes of the patches of center 3.
async function copyData(to: string, change: (data: Uint8Array, label: number) => number): Promise<void> {
  for (const split of ['train', 'val'] as const) {
    const made = await openPatchSet(at('data', `${split}.h5`))
    const all = await made.read(allRows(made))
    const file = await createChallengeFile(at(to, `${split}.h5`), { height: made.height, width: made.width })
    for (const [row, id] of made.ids.entries()) {
      const image = pixelsAt(all, row).data.slice()
      const center = Number(made.centers![row])
      const old = made.labels![row] as 0 | 1
      const label = (center === 3 ? change(image, old) : old) as 0 | 1
      file.append({ id, image, label, center, slide: Number(made.slides![row]) })
    }
    await file.close()
    await made.close()
  }
}

const recipeOf = (data: string) =>
  parseRecipe(
    `name: ${data}
seeds: 1
protocol: leave-one-center-out
quality: none
data: { train: { path: ${data}/train.h5 }, val: { path: ${data}/val.h5 } }
stain: [none]
embed: [texture]
classify: [{ head: mlp, hidden: [8], epochs: 4 }, logistic, knn]
`,
    { where: 'recipe', folder },
  )

// The bytes of every head of a fold.
async function readHeads(data: string, held: string): Promise<Record<string, string>> {
  const recipe = recipeOf(data)
  const options = { out: at('runs'), cache: at('cache'), device: 'cpu', threads: 1, observer }
  await runStudy(recipe, options)
  const { steps } = await planStudy(recipe, at('cache'), { device: 'cpu' })
  const heads = steps.filter(({ kind, of }) => kind === 'head' && (of as { held?: string }).held === held)
  return Object.fromEntries(
    heads.flatMap(({ what, stage, key }) => {
      const head = at('cache', stage, key, 'head')
      return readdirSync(head).map((file) => [`${what} ${file}`, readFileSync(join(head, file), 'base64')])
    }),
  )
}

describe('a center that is held out', () => {
  beforeAll(async () => {
    await makeSyntheticChallenge(at('data'), { counts: { train: 90, val: 30, test: 20 }, size: 32 })
    await copyData('labels', (_, label) => 1 - label)
    await copyData('pixels', (data, label) => {
      for (let i = 0; i < data.length; i++) data[i] = 255 - data[i]
      return label
    })
  }, 120_000)

  it('changes no byte of the heads of its fold, whatever its labels and pixels are', async () => {
    const heads = await readHeads('data', '3')
    expect(Object.keys(heads).length).toBeGreaterThanOrEqual(6)
    expect(await readHeads('labels', '3')).toEqual(heads)
    expect(await readHeads('pixels', '3')).toEqual(heads)
  }, 240_000)

  it('changes those of the folds that train on it', async () => {
    const [heads, others] = [await readHeads('data', '0'), await readHeads('labels', '0')]
    for (const [name, bytes] of Object.entries(heads)) {
      if (name.endsWith('safetensors')) expect(others[name], name).not.toBe(bytes)
    }
  }, 120_000)

  it('is judged in the figures of every cell, by which a cell is chosen', async () => {
    const options = { out: at('runs'), cache: at('cache'), device: 'cpu', threads: 1, observer }
    const { metrics } = await runStudy(recipeOf('data'), options)
    for (const { heldOut, val } of metrics.cells) {
      expect(Object.keys(heldOut!.byCenter)).toEqual(['0', '1', '3', '4'])
      expect(heldOut!.count).toBe(90 + val.count)
    }
    expect(metrics.selection).toMatchObject({ by: 'log-loss', centers: ['0', '1', '3', '4'] })
    expect(metrics.chosen).toBe(metrics.selection!.chosen)
    expect(metrics.chosenBy).toContain('over centers 0, 1, 3, 4, each held out')
  }, 120_000)
})
