// Where each way of robust training must help, and where it must change nothing: made-up shifts, whose cause is known.

import { describe, expect, it } from 'vitest'
import { f32, openRandom, type Random } from '../../src/base/index.ts'
import {
  headMethods,
  type LabelledEmbeddings,
  type RobustOptions,
  robustDefaults,
} from '../../src/classify/index.ts'
import { measureAccuracy } from './rows.ts'

const { mlp } = headMethods
const options = { ...mlp.defaults, hidden: [16], dropout: 0, batchSize: 64, epochs: 30, patience: 30 }

/** A row's values, given the sign of its label (1 or -1) and a stream of random numbers. */
type Writer = (sign: number, random: Random) => readonly number[]

interface Center {
  readonly rows: number
  readonly write: Writer
}

// As many rows of each label in every center.
function makeSet(seed: number, centers: readonly Center[]): LabelledEmbeddings & { centers: Uint16Array } {
  const random = openRandom(seed, 'shift')
  const written = centers.flatMap(({ rows, write }) =>
    Array.from({ length: rows }, (_, row) => write(row % 2 === 0 ? -1 : 1, random)),
  )
  return {
    x: f32([written.length, written[0].length], written.flat()),
    y: Uint8Array.from(centers.flatMap(({ rows }) => Array.from({ length: rows }, (_, row) => row % 2))),
    centers: Uint16Array.from(centers.flatMap(({ rows }, center) => Array(rows).fill(center))),
  }
}

interface Shift {
  readonly train: readonly Center[]
  readonly val: Center
  readonly test: Center
}

// Means over made-up sets, each with a seed of its own.
async function measure(
  shift: Shift,
  asked: Partial<RobustOptions>,
  withTarget = false,
  form: Partial<typeof options> = {},
  seeds: readonly number[] = [1, 2],
) {
  const sums = { accuracy: 0, auroc: 0, loss: 0 }
  for (const seed of seeds) {
    const train = makeSet(seed, shift.train)
    const test = makeSet(seed + 200, [shift.test])
    const target = withTarget ? makeSet(seed + 300, [shift.test]).x : undefined
    const robust = { options: { ...robustDefaults, ...asked }, centers: train.centers, target }
    const head = await mlp.fit(train, makeSet(seed + 100, [shift.val]), { ...options, ...form }, seed, {
      robust,
    })
    const p = await head.predict(test.x)
    sums.accuracy += measureAccuracy(p, test.y) / seeds.length
    sums.auroc += measureAuroc(p, test.y) / seeds.length
    sums.loss -=
      p.reduce((sum, value, i) => sum + Math.log(test.y[i] ? value : 1 - value), 0) / p.length / seeds.length
    await head.close()
  }
  return sums
}

function measureAuroc(p: Float32Array, y: Uint8Array): number {
  const [normal, tumour] = [0, 1].map((label) => p.filter((_, i) => y[i] === label))
  const wins = (a: number) => normal.reduce((sum, b) => sum + (a > b ? 1 : a === b ? 0.5 : 0), 0)
  return tumour.reduce((sum, a) => sum + wins(a), 0) / normal.length / tumour.length
}

// What tells the label everywhere, and noise.
const core = (sign: number, random: Random, strength = 1) => [
  strength * sign + random.normal(),
  strength * sign + random.normal(),
  random.normal(),
]

// A sign that goes with the label in so many of a hundred rows.
const often = (sign: number, percent: number, random: Random) =>
  random.uniform() * 100 < percent ? sign : -sign

// Two large centers in which a mark goes with the label nearly always, a small one in which it does not; in the target it is
// turned round.
const marked =
  (percent: number): Writer =>
  (sign, random) => [...core(sign, random), 3 * often(sign, percent, random) + 0.3 * random.normal()]
const flipped: Shift = {
  train: [
    { rows: 200, write: marked(95) },
    { rows: 200, write: marked(95) },
    { rows: 40, write: marked(30) },
  ],
  val: { rows: 100, write: marked(50) },
  test: { rows: 400, write: marked(5) },
}

// A feature that goes with the label in one center, lies elsewhere in another, and so tells centers; turned round in the target.
const telling =
  (slope: number, offset: number): Writer =>
  (sign, random) => [...core(sign, random), offset + slope * sign + 0.5 * random.normal()]
const told: Shift = {
  train: [
    { rows: 200, write: telling(2, 0) },
    { rows: 200, write: telling(0, 0) },
    { rows: 200, write: telling(1, 0) },
  ],
  val: { rows: 100, write: telling(0, 0) },
  test: { rows: 400, write: telling(-2, 0) },
}

// A feature as good as the others in the training centers, and far off in the target.
const moved: Shift = {
  train: [
    { rows: 200, write: telling(1, 0) },
    { rows: 200, write: telling(1, 0) },
  ],
  val: { rows: 100, write: telling(1, 0) },
  test: { rows: 400, write: telling(0, 4) },
}

// A center of few rows in which another direction tells, as in the target.
const turned =
  (first: number, second: number): Writer =>
  (sign, random) => [first * sign + random.normal(), second * sign + random.normal(), random.normal()]
const unbalanced: Shift = {
  train: [
    { rows: 600, write: turned(2, -0.5) },
    { rows: 40, write: turned(0, 1.5) },
  ],
  val: { rows: 100, write: turned(0, 1.5) },
  test: { rows: 400, write: turned(0, 1.5) },
}

// Few rows of many dimensions, three of which tell.
const wide: Writer = (sign, random) => [
  ...core(sign, random),
  ...Array.from({ length: 100 }, () => random.normal()),
]
const few: Shift = {
  train: [{ rows: 100, write: wide }],
  val: { rows: 60, write: wide },
  test: { rows: 400, write: wide },
}

const same: Shift = {
  train: [0, 1, 2].map(() => ({ rows: 200, write: core })),
  val: { rows: 200, write: core },
  test: { rows: 400, write: core },
}

describe('robust training helps', () => {
  it('against a mark that flips, by GroupDRO: the small center without it counts', async () => {
    const [plain, robust] = [await measure(flipped, {}), await measure(flipped, { groupDro: 0.1 })]
    expect(robust.accuracy).toBeGreaterThan(plain.accuracy + 0.1)
    expect(robust.loss).toBeLessThan(plain.loss - 0.1)
    const together = await measure(flipped, { groupDro: 0.1, balance: true, mixup: 0.2 })
    expect(together.accuracy).toBeGreaterThan(plain.accuracy + 0.1)
  })

  it('against a feature that tells the centers and flips, by an adversary over training centers', async () => {
    const [plain, robust] = [await measure(told, {}), await measure(told, { adversarial: 3 })]
    expect(plain.accuracy).toBeLessThan(0.6)
    expect(robust.accuracy).toBeGreaterThan(0.75)
    const together = await measure(told, { adversarial: 3, balance: true, mixup: 0.2 })
    expect(together.accuracy).toBeGreaterThan(0.75)
  })

  it('against a feature that only the target moves, by an adversary that sees its unlabelled rows, and not without', async () => {
    const asked = { adversarial: 1 }
    const [blind, robust] = [await measure(moved, asked), await measure(moved, asked, true)]
    expect(blind.accuracy).toBeLessThan(0.6)
    expect(robust.accuracy).toBeGreaterThan(0.7)
    expect(robust.loss).toBeLessThan(blind.loss - 0.3)
  })

  it('for a center of few rows, by balance', async () => {
    const [plain, robust] = [await measure(unbalanced, {}), await measure(unbalanced, { balance: true })]
    expect(robust.accuracy).toBeGreaterThan(plain.accuracy + 0.2)
    expect(robust.loss).toBeLessThan(plain.loss - 0.2)
  })

  it('on few rows of many dimensions, by mixup', async () => {
    const form = { hidden: [32], learningRate: 0.01, batchSize: 16 }
    const seeds = [1, 2, 3, 4, 5, 6]
    const [plain, robust] = [
      await measure(few, {}, false, form, seeds),
      await measure(few, { mixup: 1 }, false, form, seeds),
    ]
    expect(robust.auroc).toBeGreaterThan(plain.auroc + 0.01)
    expect(robust.loss).toBeLessThan(plain.loss - 0.01)
  })
})

describe('where no center differs, robust training', () => {
  const plain = measure(same, {})

  it.each([
    ['balance', { balance: true }, false, 0.01],
    ['GroupDRO', { groupDro: 0.1 }, false, 0.02],
    ['an adversary', { adversarial: 1 }, false, 0.02],
    ['an adversary with the target', { adversarial: 1 }, true, 0.02],
    ['mixup', { mixup: 0.2 }, false, 0.03], // its probabilities are less sure
  ] as const)('changes AUROC by less than 0.005, and log loss by little: %s', async (_, asked, withTarget, bound) => {
    const [before, after] = [await plain, await measure(same, asked, withTarget)]
    expect(before.auroc).toBeGreaterThan(0.97)
    expect(Math.abs(after.auroc - before.auroc)).toBeLessThan(0.005)
    expect(Math.abs(after.loss - before.loss)).toBeLessThan(bound)
  })
})
