// A short run of scripts/simulateIntervals.ts. Of 120 replications, 0.95 is known to within 0.02 (standard error): coverage of
// at least 0.88 is three and a half of that below. Of 80, a type-1 error of at most 0.1 is two above 0.05.

import { describe, expect, it } from 'vitest'
import { ties } from '../../scripts/intervals/comparisons.ts'
import { deals } from '../../scripts/intervals/deals.ts'
import { forecasts } from '../../scripts/intervals/forecasts.ts'
import { figures, riskCoverage, sensitivities, singlePatches } from '../../scripts/intervals/patchFigures.ts'
import { patientsAlike } from '../../scripts/intervals/patients.ts'
import { average, type Setting, type Simulation } from '../../scripts/intervals/simulation.ts'
import { screening, shares } from '../../scripts/intervals/units.ts'

const run = (simulation: Simulation, setting: Setting, endless?: number, replications = 120) =>
  average(simulation.name, simulation.prepare(1, endless), setting, { replications, seed: 1 })

describe('intervals hold the truth', () => {
  const cases: [Simulation, number, number][] = [
    [figures, 10, 30_000],
    [sensitivities, 20, 30_000],
    [riskCoverage, 10, 30_000],
    [singlePatches, 3, 30_000],
    [shares, 20, 2000],
    [screening, 20, 2000],
  ]
  it.each(cases.map(([simulation, ...rest]) => [simulation.name, simulation, ...rest] as const))(
    '%s',
    { timeout: 60_000 },
    async (_, simulation, slides, endless) => {
      const covered = await run(simulation, { slides }, endless)
      expect(covered).toHaveLength(simulation.columns.length)
      simulation.columns.forEach((column, i) => {
        expect(covered[i], column).toBeGreaterThan(0.88)
      })
    },
  )
})

describe('where slides of a patient are alike', () => {
  it('intervals by patient hold the truth, those by slide do not', { timeout: 60_000 }, async () => {
    const [accuracy, auroc, ...byPatient] = await run(patientsAlike, { slides: 40 }, 30_000)
    expect(Math.max(accuracy, auroc)).toBeLessThan(0.9)
    for (const covered of byPatient) expect(covered).toBeGreaterThan(0.9)
  })
})

describe('ties', () => {
  it('are all that is found of alike models, though the best was chosen on the same patches', {
    timeout: 60_000,
  }, async () => {
    const [same, uncorrected, , other, worse] = await run(ties, { slides: 10 }, undefined, 80)
    expect(same).toBeLessThan(0.05)
    expect(other).toBeLessThan(0.1)
    expect(uncorrected).toBeGreaterThan(same) // what the correction is for
    expect(worse).toBeGreaterThan(0.1)
  })
})

describe('differences over several deals of the same images', () => {
  it('hold where deals differ in their images alone, and not where training differs too', {
    timeout: 60_000,
  }, async () => {
    const [alike, p, spread, better, , differ, , wider] = await run(deals, { slides: 40 }, 20_000)
    expect(Math.min(alike, better)).toBeGreaterThan(0.88)
    expect(p).toBeLessThan(0.12)
    expect(differ).toBeLessThan(alike)
    expect(wider).toBeGreaterThan(spread)
  })
})

describe('forecasts of accuracy', () => {
  it('are within their bounds, and nearer than the mean of the labelled centers', {
    timeout: 60_000,
  }, async () => {
    const cells = await run(forecasts, { slides: 4 }, undefined, 80)
    const [mean, difference, thresholded] = [0, 4, 8].map((from) => ({
      error: cells[from],
      expected: cells[from + 1],
      inBounds: cells[from + 2],
    }))
    for (const { error, expected, inBounds } of [mean, difference, thresholded]) {
      expect(inBounds).toBeGreaterThan(0.88)
      expect(error / expected).toBeGreaterThan(0.7)
      expect(error / expected).toBeLessThan(1.3)
    }
    expect(difference.error).toBeLessThan(mean.error)
  })
})
