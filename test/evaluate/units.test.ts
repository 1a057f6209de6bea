import { describe, expect, it } from 'vitest'
import { openRandom } from '../../src/base/index.ts'
import { type Evaluation, evaluate } from '../../src/evaluate/index.ts'
import { makePredictions, shufflePredictions } from './patches.ts'

interface Slide {
  readonly name: string
  readonly labels: readonly number[]
  readonly probabilities: readonly number[]
  readonly patient?: string
}

function judge(slides: readonly Slide[]): Evaluation {
  const patches = slides.flatMap(({ name, labels, probabilities, patient = name }) =>
    labels.map((label, i) => ({ name, patient, label, probability: probabilities[i] })),
  )
  return evaluate({
    labels: Uint8Array.from(patches, ({ label }) => label),
    probabilities: Float32Array.from(patches, ({ probability }) => probability),
    slides: patches.map(({ name }) => name),
    patients: patches.map(({ patient }) => patient),
    seed: 0,
  })
}

const slides: readonly Slide[] = [
  { name: 'a', patient: 'x', labels: [1, 1, 0, 0], probabilities: [1, 0.75, 0.25, 0] },
  { name: 'b', patient: 'x', labels: [1, 0, 0, 0], probabilities: [0.75, 0.75, 0.5, 0] },
  { name: 'c', patient: 'y', labels: [0, 0, 0, 0], probabilities: [0.25, 0.25, 0, 0] },
  { name: 'd', patient: 'z', labels: [0, 0, 0, 0], probabilities: [0.5, 0.25, 0.25, 0] },
]

describe('slides', () => {
  const evaluation = judge(slides)

  it('are summed up by mean, by share called and by their surest tenth', () => {
    expect(evaluation.bySlide.b).toEqual({
      count: 4,
      positives: 1,
      accuracy: 0.5,
      mean: 0.5,
      called: 0.75,
      top: 0.75,
    })
    const long = judge([
      { name: 'long', labels: Array(21).fill(1), probabilities: [1, 0.75, 0.5, ...Array(18).fill(0)] },
    ])
    expect(long.bySlide.long.top).toBe(2.25 / 3) // a tenth of 21 patches are three
  })

  it('have their share of tumour estimated: mean error and correlation over slides', () => {
    const { slideLevel } = evaluation
    expect(slideLevel).toMatchObject({ count: 4, tumour: 2 })
    // mean .5 .5 .125 .25 against true .5 .25 0 0; called .5 .75 0 .25
    expect(slideLevel!.mean.error!.value).toBeCloseTo((0 + 0.25 + 0.125 + 0.25) / 4, 12)
    expect(slideLevel!.called.error!.value).toBeCloseTo((0 + 0.5 + 0 + 0.25) / 4, 12)
    const [x, y] = [
      [0.15625, 0.15625, -0.21875, -0.09375],
      [0.3125, 0.0625, -0.1875, -0.1875],
    ]
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0)
    expect(slideLevel!.mean.correlation!.value).toBeCloseTo(dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)), 12)
    expect(slideLevel!.top).toMatchObject({ error: null, correlation: null })
  })

  it('with tumour are told from those without, where there are both', () => {
    const { mean, called, top } = evaluation.slideLevel!
    // mean from .5 on: both tumour slides; called from half of the patches on: both; top .5 of slide d is called
    expect([mean, called, top].map(({ accuracy }) => accuracy!.value)).toEqual([1, 1, 0.75])
    expect([mean, called, top].map(({ auroc }) => auroc!.value)).toEqual([1, 1, 1])
    const mixed = judge(slides.slice(0, 2))
    expect(mixed.slideLevel!.mean).toMatchObject({ accuracy: null, auroc: null })
    expect(mixed.slideLevel!.mean.error!.value).toBeCloseTo(0.125, 12)
  })

  it('are the slides of a patient together, where patients are known', () => {
    expect(Object.keys(evaluation.byPatient)).toEqual(['x', 'y', 'z'])
    expect(evaluation.byPatient.x).toMatchObject({ count: 8, positives: 3, mean: 0.5 })
    expect(evaluation.patientLevel).toMatchObject({ count: 3, tumour: 1 })
    const unknown = evaluate({ ...makePredictions(50, 3), seed: 0 })
    expect([unknown.byPatient, unknown.patientLevel]).toEqual([{}, null])
  })

  it('have no figures where there are fewer than two, and no correlation where shares do not vary', () => {
    expect(judge(slides.slice(0, 1)).slideLevel).toBeNull()
    expect(evaluate({ ...makePredictions(50, 3), slides: null, seed: 0 }).slideLevel).toBeNull()
    const alike = judge(slides.slice(2)).slideLevel!
    expect(alike.mean.correlation).toBeNull()
    expect(alike.mean.error!.value).toBeCloseTo(0.1875, 12)
  })

  it('are never certain, also where all shares are met', () => {
    const pure = (name: string, label: number): Slide => ({
      name,
      labels: Array(10).fill(label),
      probabilities: Array(10).fill(label),
    })
    const { called } = judge([pure('a', 1), pure('b', 1), pure('c', 0), pure('d', 0), pure('e', 0)])
      .slideLevel!
    expect(called.error).toMatchObject({ value: 0, low: 0 })
    expect(called.error!.high).toBeGreaterThan(0.02) // one patch of fifty
    expect(called.correlation).toMatchObject({ value: 1, high: 1 })
    expect(called.correlation!.low).toBeLessThan(1)
    expect(called.accuracy!.low).toBeLessThan(0.9)
  })
})

describe('figures over slides', () => {
  const level = ({ slideLevel, patientLevel }: Evaluation) => JSON.stringify([slideLevel, patientLevel])

  it('are the same bits whatever the order of rows and the names of slides', () => {
    const patches = makePredictions(900, 17)
    const patients = (names: readonly string[]) => names.map((name) => `${name.charCodeAt(6) % 5}`)
    const wanted = level(evaluate({ ...patches, patients: patients(patches.slides), seed: 5 }))
    const shuffled = shufflePredictions(patches, 3)
    expect(level(evaluate({ ...shuffled, patients: patients(shuffled.slides), seed: 5 }))).toBe(wanted)
    const renamed = shuffled.slides.map((name) => `${99 - Number(name.slice(6))}`)
    expect(
      level(evaluate({ ...shuffled, slides: renamed, patients: patients(shuffled.slides), seed: 5 })),
    ).toBe(wanted)
  })

  it('need a seed only where there are more than 200 of them', () => {
    const random = openRandom(2, 'many')
    const many = Array.from({ length: 260 }, (_, i): Slide => {
      const label = Number(random.uniform() < 0.5)
      return { name: `${i}`, labels: [label, 0], probabilities: [random.uniform() / 2 + label / 4, 0.25] }
    })
    const { slideLevel } = judge(many)
    expect(slideLevel!.count).toBe(260)
    expect(slideLevel!.top.auroc!.value).toBeGreaterThan(0.8)
    expect(level(judge(many))).toBe(level(judge([...many].reverse())))
  })
})
