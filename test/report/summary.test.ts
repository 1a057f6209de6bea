// What the first paragraphs say of a run holds of that run: what overlaps, what has no center, what was handed in.

import { describe, expect, it } from 'vitest'
import { renderEvaluate } from '../../src/report/sections/evaluate.ts'
import { renderLead, renderSummary } from '../../src/report/sections/summary.ts'
import type { Overlap } from '../../src/runs/record.ts'
import { dataOf, inventRun, type SampleOptions, textOf } from './sampleRun.ts'

const SMALL: SampleOptions = { stains: ['none', 'macenko'], embeds: ['texture'], heads: ['mlp'] }
const ONE: SampleOptions = { stains: ['none'], embeds: ['texture'], heads: ['mlp'], seeds: [3] }
const WITHHELD = dataOf(inventRun({ ...SMALL, testLabels: false }))

const withOverlaps = (...overlaps: readonly Overlap[]) => {
  const run = inventRun(SMALL)
  return dataOf({ ...run, manifest: { ...run.manifest, overlaps } })
}
const nothing = { patches: { count: 0, of: 600 }, slides: [], centers: [] }
const leadOf = (...overlaps: readonly Overlap[]) => textOf(renderLead(withOverlaps(...overlaps)).markup)

describe('withheld test labels', () => {
  it('send the reader to the submission only where the run wrote one', async () => {
    for (const render of [renderSummary, renderEvaluate]) {
      const section = async (hasSubmission: boolean) =>
        textOf((await render({ ...WITHHELD, hasSubmission })).body.markup)
      expect(await section(true)).toContain('submission.csv')
      expect(await section(false)).not.toContain('submission.csv')
      expect(await section(false)).toContain('predictions.csv')
    }
  })
})

describe('the count of centers', () => {
  const countOf = (rename: (center: string) => string) => {
    const run = inventRun(SMALL)
    const splits = Object.fromEntries(
      Object.entries(run.manifest.splits).map(([split, provenance]) => {
        const byCenter = Object.entries(provenance.byCenter).map(([center, of]) => [rename(center), of])
        return [split, { ...provenance, byCenter: Object.fromEntries(byCenter) }]
      }),
    )
    return textOf(renderSummary(dataOf({ ...run, manifest: { ...run.manifest, splits } })).body.markup)
  }

  it('leaves out what has no name', () => {
    expect(countOf((center) => center)).toContain('3,200 patches of 5 centers ·')
    expect(countOf((center) => (center === '2' ? '?' : center))).toContain(
      '3,200 patches of 4 centers and of centers without a name ·',
    )
    expect(countOf(() => '?')).toContain('3,200 patches without named centers ·')
  })
})

describe('a single cell of a single seed', () => {
  it('is not said to have been chosen, nor averaged', async () => {
    const data = dataOf(inventRun(ONE))
    expect(textOf(renderSummary(data).body.markup)).not.toContain('chosen')
    const evaluate = textOf((await renderEvaluate(data)).body.markup)
    expect(evaluate).toContain('The only cell: none / texture / mlp .')
    expect(evaluate).toContain('Seed 3; intervals come from')
    expect(evaluate).not.toMatch(/averaged|single seeds|dashed line|chosen|Sorted/)
  })

  it('differs from several, of which the best is optimistic', () => {
    expect(textOf(renderSummary(dataOf(inventRun(SMALL))).body.markup)).toContain('is optimistic')
  })
})

describe('the test set', () => {
  it('is said to be unused before the choice only where it shares nothing with other splits', async () => {
    const evaluateOf = async (...overlaps: readonly Overlap[]) =>
      textOf((await renderEvaluate(withOverlaps(...overlaps))).body.markup)
    const unused = 'The test set was not used before the choice was made.'
    expect(await evaluateOf()).toContain(unused)
    expect(await evaluateOf({ ...nothing, splits: ['train', 'test'], slides: ['2/7'] })).not.toContain(unused)
  })
})

describe('the lead', () => {
  it('says both of a test set that a stain was fitted on and that shares patches', () => {
    const data = withOverlaps({ ...nothing, splits: ['train', 'test'], slides: ['2/7'] })
    const cells = data.metrics.cells.map((cell) => ({ ...cell, transductive: true as const }))
    const lead = textOf(renderLead({ ...data, metrics: { ...data.metrics, cells } }).markup)
    expect(lead).toContain('whose unlabelled patches it uses , partly from slides of the training set')
  })

  it('says beside an accuracy which of its patches were seen in training', () => {
    const [val, test] = [
      { ...nothing, splits: ['train', 'val'], patches: { count: 40, of: 600 } },
      { ...nothing, splits: ['val', 'test'], slides: ['2/7'] },
    ] as const satisfies Overlap[]
    expect(leadOf()).toContain('on which nothing was fitted or chosen')
    const lead = leadOf(val, test)
    expect(lead).toContain(
      '600 validation patches correctly (center 1), 40 of which are patches of the training set as well',
    )
    expect(lead).toContain('test set (center 2), partly from slides of the validation set')
    expect(lead).not.toContain('nothing was fitted')
    expect(leadOf({ ...nothing, splits: ['train', 'val'], centers: ['0', '3'] })).toContain(
      'partly from centers of the training set',
    )
  })
})
