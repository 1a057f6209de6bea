// What intervals leave out: patients where they are known and fewer than the slides, whatever asks for intervals.

import { describe, expect, it } from 'vitest'
import { evaluate, pairedDifference, selectCell } from '../../src/evaluate/index.ts'
import { makePredictions } from './patches.ts'

const patches = makePredictions(600, 12)
const { labels, probabilities, centers, slides } = patches
// Two slides a patient, by the number of the slide.
const numbers = slides.map((name) => Number(name.slice(6)))
const patients = numbers.map((number) => `p${number >> 1}`)
const count = (names: readonly string[]) => new Set(names).size

describe('patients', () => {
  it('are left out as slides would be, where they are fewer', () => {
    const own = evaluate({ labels, probabilities, slides, patients, seed: 0 })
    const asSlides = evaluate({ labels, probabilities, slides: patients, seed: 0 })
    expect(own).toMatchObject({ resampled: 'patients', slides: count(slides), patients: count(patients) })
    for (const figure of ['accuracy', 'auroc', 'f1', 'calibrationError'] as const)
      expect(own[figure], figure).toEqual(asSlides[figure])
    expect(own.riskCoverage).toEqual(asSlides.riskCoverage)
    const bySlide = evaluate({ labels, probabilities, slides, seed: 0 })
    expect(own.accuracy.value).toBe(bySlide.accuracy.value)
    expect(own.accuracy).not.toEqual(bySlide.accuracy)
    expect(own.slideLevel).toEqual(bySlide.slideLevel)
  })

  it('give way to slides where a group has one patient, or slides hold several', () => {
    const one = evaluate({ labels, probabilities, slides, patients: slides.map(() => 'p'), seed: 0 })
    expect(one).toMatchObject({ resampled: 'slides', patients: 1 })
    expect(one.accuracy).toEqual(evaluate({ labels, probabilities, slides, seed: 0 }).accuracy)
    const cores = slides.map((name, row) => `${name} ${row % 3}`)
    expect(evaluate({ labels, probabilities, slides, patients: cores, seed: 0 }).resampled).toBe('slides')
    expect(evaluate({ labels, probabilities, patients: cores, seed: 0 }).resampled).toBe('patients')
  })

  it('of one name in two centers are two', () => {
    const names = patients.map(() => 'p')
    const { byPatient, patients: found } = evaluate({ ...patches, patients: names, seed: 0 })
    expect(found).toBe(count(centers))
    expect(Object.keys(byPatient)).toEqual([...new Set(centers)].sort().map((center) => `${center}/p`))
  })

  it.each(['?', ''])('that are not known (%j) stand with their slide, and are no patient', (unknown) => {
    const some = patients.map((name, row) => (numbers[row] < 4 ? unknown : name))
    const asSlides = patients.map((name, row) => (numbers[row] < 4 ? slides[row] : name))
    const own = evaluate({ labels, probabilities, slides, patients: some, seed: 0 })
    expect(own.accuracy).toEqual(evaluate({ labels, probabilities, slides: asSlides, seed: 0 }).accuracy)
    expect(Object.keys(own.byPatient)).toEqual([...new Set(some)].filter((name) => name !== unknown).sort())
    expect(own.patients).toBe(count(asSlides))
  })

  it('are left out of paired differences and of choices as well', () => {
    const b = probabilities.map((p, row) => (row % 7 === 0 ? 1 - p : p))
    const {
      slides: _,
      patients: __,
      resampled,
      ...own
    } = pairedDifference({
      labels,
      a: probabilities,
      b,
      slides,
      patients,
    })
    expect(resampled).toBe('patients')
    expect(pairedDifference({ labels, a: probabilities, b, slides: patients })).toMatchObject(own)
    const candidates = [
      { id: 'a', probabilities, threshold: 0.5 },
      { id: 'b', probabilities: b, threshold: 0.5 },
    ]
    const choose = (known: { slides: string[]; patients?: string[] }) =>
      selectCell({ labels, centers: null, candidates, by: 'log-loss', rule: 'best', ...known })
    expect(choose({ slides, patients })).toEqual(choose({ slides: patients }))
    expect(choose({ slides, patients })).not.toEqual(choose({ slides }))
  })
})
