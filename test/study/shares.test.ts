// How an aligned cell depends on the share of tumour in a new center: on a shift made by hand, and in a study.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alignCenters, openMappedRows } from '../../src/adapt/index.ts'
import { f32, loadRows, type NdArray, openRandom } from '../../src/base/index.ts'
import { headMethods } from '../../src/classify/index.ts'
import { writeNpy } from '../../src/formats/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import { readResults, runStudy } from '../../src/study/index.ts'
import { drawnShares, drawShares, sizeDrawn } from '../../src/study/steps/drawShares.ts'
import { makeShares, readShares, type ShareTask } from '../../src/study/steps/measureShares.ts'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-shares-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('drawn subsets', () => {
  const labels = Uint8Array.from({ length: 130 }, (_, row) => Number(row % 3 === 0)) // 44 tumour

  it('are of one size, the most that both classes allow, and hold the shares to the patch', () => {
    const subsets = drawShares(labels, openRandom(0, 'draw'))
    expect(sizeDrawn(44, 86)).toBe(40)
    expect(subsets.map((rows) => [rows.length, new Set(rows).size])).toEqual([
      [40, 40],
      [40, 40],
      [40, 40],
    ])
    const tumour = subsets.map((rows) => rows.reduce((sum, row) => sum + labels[row], 0))
    expect(tumour).toEqual(drawnShares.map((share) => 40 * share))
    for (const rows of subsets) expect([...rows]).toEqual([...rows].sort((a, b) => a - b))
    expect(drawShares(labels, openRandom(0, 'draw'))).toEqual(subsets)
    expect(drawShares(labels, openRandom(1, 'draw'))).not.toEqual(subsets)
  })
})

// Two classes in four dimensions; tumour lies higher in the first.
function drawCenter(name: string, labels: Uint8Array, offset: number): NdArray<'f32'> {
  const random = openRandom(3, name)
  return f32(
    [labels.length, 4],
    Array.from(labels, (label) =>
      [0, 1, 2, 3].map((k) => offset + random.normal() + (k === 0 ? 4 * label : 0)),
    ).flat(),
  )
}

// A logistic head of a center that was brought to mean 0 and deviation 1, and a new center for it.
async function makeTask(order: readonly number[]): Promise<ShareTask> {
  const half = Uint8Array.from({ length: 200 }, (_, row) => row % 2)
  const x = drawCenter('known', half, 0)
  const rows = Uint32Array.from(half.keys())
  const [map] = await alignCenters(
    [{ center: 'known', rows, x: await openMappedRows(x, half, [none, none]) }],
    'standardize',
    null,
  )
  const mapped = await loadRows(await openMappedRows(x, new Uint8Array(200), [map]))
  const known = { x: mapped, y: half }
  const head = await headMethods.logistic.fit(known, known, headMethods.logistic.defaults, 0, {})
  const name = at(`task-${order[0]}`)
  mkdirSync(join(name, 'head'), { recursive: true })
  for (const [file, bytes] of Object.entries(await head.serialize()))
    writeFileSync(join(name, 'head', file), bytes)
  const target = drawCenter('new', half, 5)
  const stored = f32(
    [200, 4],
    order.flatMap((row) => [...target.data.subarray(4 * row, 4 * row + 4)]),
  )
  writeFileSync(join(name, 'x.npy'), writeNpy(stored))
  const all = await alignCenters(
    [{ center: 'new', rows, x: await openMappedRows(target, half, [none, none]) }],
    'standardize',
    null,
  )
  const whole = await head.predict(await loadRows(await openMappedRows(target, new Uint8Array(200), all)))
  const places = Uint32Array.from(order.keys(), (row) => order.indexOf(row))
  return {
    cell: 'none/texture/center/logistic',
    seed: 0,
    threshold: 0.5,
    align: 'standardize',
    reference: null,
    device: 'cpu',
    centers: [
      {
        center: 'new',
        parts: [{ file: join(name, 'x.npy'), places: rows, mapped: null }],
        places,
        labels: half,
        heads: [join(name, 'head')],
        whole: Float32Array.from(order, (row) => whole[row]),
        plain: null,
      },
    ],
    leftOut: [],
  }
}
const none = { shift: new Float32Array(4), scale: new Float32Array(4).fill(1), turn: null }

async function measure(task: ShareTask, name: string) {
  mkdirSync(at(name))
  await makeShares(task, at(name))
  return readShares({ folder: at(name) } as never)
}

describe('a center of another share of tumour', () => {
  const ascending = Array.from({ length: 200 }, (_, row) => row)

  it('is predicted worse by its own statistics, and no worse by those of the whole center', async () => {
    const { centers, mean, leftOut } = await measure(await makeTask(ascending), 'shift')
    expect(leftOut).toEqual([])
    expect(centers).toMatchObject([{ center: 'new', patches: 110, tumour: 0.5 }])
    const [low, even, high] = mean
    expect(even.own.balancedAccuracy).toBeGreaterThan(0.93)
    expect(high.own.balancedAccuracy).toBeLessThan(even.own.balancedAccuracy - 0.08)
    expect(low.own.balancedAccuracy).toBeLessThan(even.own.balancedAccuracy - 0.08)
    for (const { whole } of mean) expect(whole.balancedAccuracy).toBeGreaterThan(0.93)
    // The order within the center is the same: only where the threshold lies has moved.
    expect(high.own.auroc).toBeGreaterThan(0.97)
    expect(high).not.toHaveProperty('plain')
  }, 60_000)

  it('gives the same figures whatever the order of rows', async () => {
    const task = await makeTask(ascending)
    const shuffled = await makeTask(Array.from(openRandom(1, 'order').permutation(200)))
    expect(await measure(shuffled, 'b')).toEqual(await measure(task, 'a'))
    const other = await measure({ ...task, seed: 1 }, 'c')
    expect(other.mean).not.toEqual((await measure(task, 'd')).mean)
  }, 60_000)

  it('is left out where a class is too small', async () => {
    const task = await makeTask(ascending)
    const [center] = task.centers
    const rows = [...center.labels.keys()].filter((row) => center.labels[row] === 0 || row < 38)
    const few = {
      ...center,
      places: Uint32Array.from(rows, (row) => center.places[row]),
      labels: Uint8Array.from(rows, (row) => center.labels[row]),
    }
    const { centers, mean, leftOut } = await measure({ ...task, centers: [few] }, 'few')
    expect([centers, mean]).toEqual([[], []])
    expect(leftOut).toEqual([{ center: 'new', reason: '19 tumour patches, 20 are the least' }])
  }, 60_000)
})

describe('a study with aligned cells', () => {
  const recipeOf = (name: string, test: string, more = '') =>
    parseRecipe(
      `name: ${name}
data: { train: { path: data/train.h5 }, val: { path: data/val.h5 }, test: { path: data/test.h5, ${test} } }
transductive: true
stain: [none]
embed: [texture]
seeds: 2
${more}`,
      { where: name, folder },
    )
  const folds = `protocol: leave-one-center-out
adapt: [none, center, coral]
classify: [logistic]`
  const run = async (recipe: ReturnType<typeof recipeOf>) => {
    const options = { out: at('runs'), cache: at('cache'), device: 'cpu', threads: 1 }
    return runStudy(recipe, { ...options, observer: { step: () => ({ progress: () => {}, end: () => {} }) } })
  }
  beforeAll(async () => {
    await makeSyntheticChallenge(at('data'), { counts: { train: 150, val: 50, test: 40 }, size: 32 })
  }, 60_000)

  it('measures each of them on every center that was held out, beside the same cell without alignment', async () => {
    const { metrics, folder: made } = await run(recipeOf('folds', 'center: 2', folds))
    const { measured, notMeasured } = metrics.shares!
    expect(notMeasured).toEqual([])
    expect(measured.map(({ cell }) => cell)).toEqual([
      'none/texture/center/logistic',
      'none/texture/coral/logistic',
    ])
    for (const { centers, leftOut, mean, draws } of measured) {
      expect([...centers.map(({ center }) => center), ...leftOut.map(({ center }) => center)].sort()).toEqual(
        ['0', '1', '3', '4'],
      )
      expect([draws, mean.map(({ share }) => share)]).toEqual([5, [0.1, 0.5, 0.9]])
      const balanced = centers.map(({ shares }) => shares[2].own.balancedAccuracy)
      expect(mean[2].own.balancedAccuracy).toBeCloseTo(balanced.reduce((a, b) => a + b) / centers.length, 12)
      expect(mean[0].plain!.auroc).toBeGreaterThan(0)
    }
    // Patches as they are look the same to whichever alignment stands beside them.
    expect(measured[0].mean.map(({ plain }) => plain)).toEqual(measured[1].mean.map(({ plain }) => plain))
    const { shares, missing } = await readResults(made)
    expect([Object.keys(shares!), missing]).toEqual([measured.map(({ cell }) => cell), []])
  }, 120_000)

  it('uses no patch of test', async () => {
    const [all, few] = [
      await run(recipeOf('folds', 'center: 2', folds)),
      await run(recipeOf('few', 'center: 2, limit: 20', folds)),
    ]
    expect(few.metrics.shares).toEqual(all.metrics.shares)
  }, 120_000)

  it('measures on val under the protocol challenge, and says what it does not measure', async () => {
    const { metrics } = await run(
      recipeOf(
        'challenge',
        'center: 2',
        'adapt: [center-robust, adversarial-target]\nclassify: [{ head: mlp, hidden: [8], epochs: 2 }]',
      ),
    )
    const { measured, notMeasured } = metrics.shares!
    expect(notMeasured).toEqual(['none/texture/adversarial-target/mlp'])
    expect(measured).toMatchObject([{ cell: 'none/texture/center-robust/mlp', centers: [{ center: '1' }] }])
    expect(measured[0].mean[0]).not.toHaveProperty('plain')
  }, 120_000)
})
