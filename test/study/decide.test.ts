// What is decided from predictions: on held-out labels, by a stated share, with a temperature; never by a label of test.

import { describe, expect, it } from 'vitest'
import { DataError, openRandom } from '../../src/base/index.ts'
import { fitCenterTemperatures, logitsOf, temper } from '../../src/classify/index.ts'
import { measureLogits } from '../../src/classify/temperature.ts'
import { abstain, callTumour, chooseThreshold, evaluate } from '../../src/evaluate/index.ts'
import type { Recipe } from '../../src/recipe/index.ts'
import { decide, decideUnlabelled, type RawPredictions } from '../../src/study/decide.ts'

// Patches of centers whose logits lie `shift` too low, half of them tumour, and are `hot` times too large.
function makeTruth(centers: Readonly<Record<string, number>>, count: number, hot = 1) {
  const rows = Object.entries(centers).flatMap(([center, shift]) =>
    Array.from({ length: count }, (_, i) => {
      const random = openRandom(1, center, i)
      const label = i % 2
      const logit = hot * (3 * (label - 0.5) + shift + random.normal())
      return { center, label, p: 1 / (1 + Math.exp(-logit)), slide: `${i % 5}` }
    }),
  )
  return {
    truth: {
      labels: Uint8Array.from(rows, ({ label }) => label),
      centers: rows.map(({ center }) => center),
      slides: rows.map(({ slide }) => slide),
      patients: null,
    },
    probabilities: Float32Array.from(rows, ({ p }) => p),
  }
}

function makeRaw(val: ReturnType<typeof makeTruth>, test: ReturnType<typeof makeTruth>): RawPredictions {
  const probabilities = { val: val.probabilities, test: test.probabilities }
  return {
    seeds: [{ curve: [], probabilities }],
    probabilities,
    truths: { val: val.truth, test: test.truth },
    heldOut: null,
  }
}

const low = -3 // under it .5 calls hardly any tumour
const raw = makeRaw(makeTruth({ 1: low }, 200), makeTruth({ 2: low }, 200))
const fixed: Recipe['evaluate'] = { threshold: 0.5, temperature: 'none', abstain: 'none' }
const accuracyOn = (
  split: 'val' | 'test',
  { probabilities, thresholds }: ReturnType<typeof decide>,
  of = raw,
) => {
  const truth = of.truths[split]!
  const threshold = thresholds[split]
  return evaluate({
    ...truth,
    labels: truth.labels!,
    probabilities: probabilities[split]!,
    threshold,
    seed: 0,
  }).accuracy.value
}

describe('a threshold that the recipe gives', () => {
  it('is that of all splits, and nothing is to be said of it', () => {
    const decided = decide(fixed, raw)
    expect(decided.thresholds).toEqual({ val: 0.5, test: 0.5 })
    expect(decided).toMatchObject({ decision: null, rule: { threshold: 0.5, temperature: 1 }, heldOut: null })
    expect(decided.probabilities.test).toBe(raw.probabilities.test) // not even copied
  })
})

describe('a threshold chosen on held-out labels', () => {
  const decided = decide({ ...fixed, threshold: 'held-out' }, raw)

  it('is better than .5 on a center that errs as the held-out ones do', () => {
    expect(accuracyOn('test', decide(fixed, raw))).toBeLessThan(0.6)
    expect(accuracyOn('test', decided)).toBeGreaterThan(0.85)
    const { labels } = raw.truths.val!
    const chosen = chooseThreshold({ labels: labels!, probabilities: raw.probabilities.val! })
    expect(decided.thresholds).toEqual({ val: chosen, test: chosen })
    expect(decided.rule).toEqual({ threshold: chosen, temperature: 1 })
    expect(decided.decision).toEqual({ rule: 'held-out', test: chosen })
  })

  it('of centers that were held out is that of all of them, and each is judged by the others', () => {
    const centers = { 0: low, 1: low - 1, 3: low + 1 }
    const heldOut = makeTruth(centers, 100)
    const { heldOut: judged, thresholds } = decide({ ...fixed, threshold: 'held-out' }, { ...raw, heldOut })
    const choose = (isChosen: (center: string) => boolean) => {
      const rows = [...heldOut.truth.labels.keys()].filter((row) => isChosen(heldOut.truth.centers[row]))
      return chooseThreshold({
        labels: Uint8Array.from(rows, (row) => heldOut.truth.labels[row]),
        probabilities: Float32Array.from(rows, (row) => heldOut.probabilities[row]),
      })
    }
    expect(thresholds.val).toBe(choose(() => true))
    expect(judged!.threshold).toEqual({
      0: choose((center) => center !== '0'),
      1: choose((center) => center !== '1'),
      3: choose((center) => center !== '3'),
    })
  })
})

describe('a threshold by a stated share', () => {
  const share: Recipe['evaluate'] = { ...fixed, threshold: { share: 0.5 } }

  it('is found among the patches of each center of test, without their labels', () => {
    const two = makeRaw(makeTruth({ 1: 0 }, 100), makeTruth({ 2: low, 5: -low }, 200))
    const decided = decide(share, two)
    expect(accuracyOn('test', decide(fixed, two), two)).toBeLessThan(0.6)
    expect(accuracyOn('test', decided, two)).toBeGreaterThan(0.85)
    const called = callTumour(decided.probabilities.test!, decided.thresholds.test!, two.truths.test!.centers)
    for (const half of [called.subarray(0, 200), called.subarray(200)])
      expect(half.reduce((sum, call) => sum + call, 0)).toBe(100)
    const withheld = { ...two.truths, test: { ...two.truths.test!, labels: null } }
    const turned = {
      ...two.truths,
      test: { ...two.truths.test!, labels: two.truths.test!.labels!.map((l) => 1 - l) },
    }
    for (const truths of [withheld, turned]) expect(decide(share, { ...two, truths })).toEqual(decided)
    expect(decided.decision).toMatchObject({ rule: { share: 0.5 }, test: decided.thresholds.test })
    expect(decided.rule).toEqual({ threshold: { share: 0.5 }, temperature: 1 })
  })

  it('judges labelled centers by their own share', () => {
    const { val } = decide({ ...fixed, threshold: { share: 0.1 } }, raw).thresholds
    const called = callTumour(raw.probabilities.val!, val!, raw.truths.val!.centers)
    expect(called.reduce((sum, call) => sum + call, 0)).toBe(100) // half of them are tumour
  })

  it('refuses a center of few patches', () => {
    const few = makeRaw(makeTruth({ 1: 0 }, 100), makeTruth({ 2: 0 }, 15))
    expect(() => decide(share, few)).toThrow(DataError)
    expect(() =>
      decideUnlabelled({ threshold: { share: 0.5 }, temperature: 1 }, new Float32Array(3), null),
    ).toThrow('expected at least 16 patches, to choose a threshold by their share of tumour, got 3')
  })
})

describe('a temperature', () => {
  const heldOut = makeTruth({ 0: 0, 1: 0.5, 3: -0.5 }, 200, 8)
  const hot = { ...makeRaw(makeTruth({ 1: 0 }, 200, 8), makeTruth({ 2: 0 }, 200, 8)), heldOut }
  const decided = decide({ ...fixed, temperature: 'held-out' }, hot)
  const wanted = fitCenterTemperatures(
    logitsOf(heldOut.probabilities),
    heldOut.truth.labels,
    heldOut.truth.centers,
  )

  it('is the one of all held-out centers together where a center has no labels', () => {
    expect(wanted.pooled).toBeGreaterThan(1.5)
    expect(decided.decision).toEqual({ rule: 'given', test: 0.5, temperature: wanted })
    expect(decided.probabilities.test).toEqual(temper(hot.probabilities.test!, wanted.pooled))
    expect(decided.seeds[0].probabilities.val).toEqual(temper(hot.probabilities.val!, wanted.pooled))
    expect(decided.rule).toEqual({ threshold: 0.5, temperature: wanted.pooled })
  })

  it('makes probabilities mean what they say on an unseen center, and leaves the predictions', () => {
    const test = hot.truths.test!
    const judge = (probabilities: Float32Array) =>
      evaluate({ ...test, labels: test.labels!, probabilities, seed: 0 })
    const [before, after] = [judge(hot.probabilities.test!), judge(decided.probabilities.test!)]
    const loss = (probabilities: Float32Array) => measureLogits(logitsOf(probabilities), test.labels!).loss
    expect(loss(decided.probabilities.test!)).toBeLessThan(0.8 * loss(hot.probabilities.test!))
    expect(after.confusion).toEqual(before.confusion)
    expect(after.auroc).toEqual(before.auroc)
  })

  it('of a center that is held out is that of the others', () => {
    const rows = [...heldOut.truth.labels.keys()]
    const others = rows.filter((row) => heldOut.truth.centers[row] !== '3')
    const { pooled } = fitCenterTemperatures(
      logitsOf(Float32Array.from(others, (row) => heldOut.probabilities[row])),
      Uint8Array.from(others, (row) => heldOut.truth.labels[row]),
      others.map((row) => heldOut.truth.centers[row]),
    )
    const expected = temper(heldOut.probabilities, pooled)
    const own = rows.filter((row) => heldOut.truth.centers[row] === '3')
    expect(own.map((row) => decided.heldOut!.probabilities[row])).toEqual(own.map((row) => expected[row]))
    expect(pooled).not.toBe(wanted.pooled)
  })

  it('goes before the threshold, which is chosen among tempered probabilities', () => {
    const both = decide({ ...fixed, threshold: 'held-out', temperature: 'held-out' }, raw)
    expect(both.rule.temperature).not.toBe(1)
    const { labels } = raw.truths.val!
    const probabilities = temper(raw.probabilities.val!, both.rule.temperature)
    expect(both.rule.threshold).toBe(chooseThreshold({ labels: labels!, probabilities }))
    const { probabilities: again, threshold } = decideUnlabelled(both.rule, raw.probabilities.test!, null)
    expect([again, threshold]).toEqual([both.probabilities.test, both.thresholds.test])
  })
})

describe('whatever is decided', () => {
  const heldOut = makeTruth({ 0: low, 1: low, 3: low + 1 }, 60, 2)
  const all = { ...raw, heldOut }
  const ways: readonly Recipe['evaluate'][] = [
    { ...fixed, threshold: 'held-out', temperature: 'held-out' },
    { ...fixed, threshold: { share: 0.3 }, temperature: 'held-out', abstain: 0.1 },
  ]

  it.each(ways)('does not see the labels of test: %j', (way) => {
    const test = raw.truths.test!
    const turned = { ...raw.truths, test: { ...test, labels: test.labels!.map((label) => 1 - label) } }
    expect(decide(way, { ...all, truths: turned })).toEqual(decide(way, all))
  })

  it.each(ways)('does not depend on the order of rows: %j', (way) => {
    const order = openRandom(2, 'order').permutation(200)
    const shuffle = <T>(values: readonly T[]) => Array.from(order, (row) => values[row])
    const shuffled = (split: 'val' | 'test') => ({
      truth: {
        labels: Uint8Array.from(order, (row) => raw.truths[split]!.labels![row]),
        centers: shuffle(raw.truths[split]!.centers!),
        slides: shuffle(raw.truths[split]!.slides!),
        patients: null,
      },
      probabilities: Float32Array.from(order, (row) => raw.probabilities[split]![row]),
    })
    const [plain, other] = [decide(way, raw), decide(way, makeRaw(shuffled('val'), shuffled('test')))]
    expect(other).toMatchObject({ thresholds: plain.thresholds, rule: plain.rule, decision: plain.decision })
    expect(other.probabilities.test).toEqual(
      Float32Array.from(order, (row) => plain.probabilities.test![row]),
    )
  })
})

describe('a margin under which patches are left to a person', () => {
  const held = { ...raw, heldOut: makeTruth({ 0: 0, 1: -1, 3: 1 }, 100) }
  const asked = { ...fixed, abstain: 0.2 } as const

  it('leaves that share of the held-out patches, or of val where none were held out', () => {
    const { rule, heldOut } = decide(asked, held)
    expect(abstain({ ...heldOut!, ...heldOut!.truth }, rule.margin!).filter(Boolean)).toHaveLength(60)
    const alone = decide(asked, raw)
    const val = { probabilities: alone.probabilities.val!, threshold: 0.5 }
    expect(abstain(val, alone.rule.margin!).filter(Boolean)).toHaveLength(40)
  })

  it('is chosen without a label, and changes nothing else', () => {
    const turned = held.heldOut.truth.labels.map((label) => 1 - label)
    const other = { ...held, heldOut: { ...held.heldOut, truth: { ...held.heldOut.truth, labels: turned } } }
    const decided = decide(asked, held)
    expect(decide(asked, other).rule).toEqual(decided.rule)
    const { margin: _, ...rule } = decided.rule
    expect({ ...decided, rule }).toEqual(decide(fixed, held))
  })
})
