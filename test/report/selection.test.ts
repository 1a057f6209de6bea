// How the report shows a choice by held-out centers, or by log loss on validation.

import { describe, expect, it } from 'vitest'
import { renderReport, renderTableFile } from '../../src/report/index.ts'
import { renderCenters } from '../../src/report/sections/centers.ts'
import { renderEvaluate } from '../../src/report/sections/evaluate.ts'
import { renderLead, renderSummary } from '../../src/report/sections/summary.ts'
import { listTied } from '../../src/report/ties.ts'
import { dataOf, inventRun, textOf } from './sampleRun.ts'
import { type Choosing, chooseIn } from './selectedRun.ts'

const RUN = inventRun({ stains: ['none', 'macenko', 'reinhard'], embeds: ['texture'], heads: ['mlp'] })
const [NONE, MACENKO, REINHARD] = RUN.metrics.cells.map(({ id }) => id)
const chosenBy = (choosing?: Choosing) => dataOf(chooseIn(RUN, choosing))
const evaluateOf = async (choosing?: Choosing) =>
  textOf((await renderEvaluate(chosenBy(choosing))).body.markup)

describe('a choice by held-out centers', () => {
  it('orders the table, with scores, distances to the best and their p, and the accuracy there', async () => {
    const text = await evaluateOf({ tied: [MACENKO] })
    expect(text).toContain('Choice: mean log loss over held-out centers 0 and 3, each predicted by heads')
    expect(text).toMatch(/cost log loss p accuracy % accuracy %/)
    expect(text).toMatch(/ none chosen 0\.400 best – 8\d\.\d/)
    expect(text).toMatch(/ macenko tied 0\.410 0\.010 ± 0\.020 0\.50 8\d\.\d/)
    expect(text).toMatch(/ reinhard 0\.420 0\.020 ± 0\.020 0\.010 8\d\.\d/)
    expect(listTied(chosenBy({ tied: [MACENKO] }).metrics).map(({ id }) => id)).toEqual([MACENKO])
  })

  it('is what the lead says, with the accuracy on those centers', () => {
    const lead = textOf(renderLead(chosenBy({ tied: [MACENKO] })).markup)
    expect(lead).toContain('did best by its mean log loss over held-out centers 0 and 3: it predicts 80.7')
    expect(lead).toContain('of 600 patches of those centers correctly, and')
    expect(lead).toContain('1 other combination is tied with it: they cannot be told apart.')
    expect(textOf(renderLead(chosenBy()).markup)).toContain('All 2 others are tied with it')
    expect(textOf(renderLead(chosenBy({ chosen: REINHARD })).markup)).toContain(
      'reinhard / texture / mlp was chosen by its mean log loss',
    )
    expect(textOf(renderSummary(chosenBy()).body.markup)).toContain(
      'The accuracy on held-out centers is optimistic, since the cell was chosen among several by these patches.',
    )
  })

  it('shows those centers of the chosen cell beside validation and test', async () => {
    const text = textOf((await renderCenters(chosenBy())).body.markup)
    for (const row of [
      '0 held out 600',
      '3 held out 600',
      'all held out 600',
      '1 validation 600',
      '2 test 800',
    ])
      expect(text).toContain(row)
    expect(text).toContain('Center 3, held out')
  })

  it('stands in the table of every format', () => {
    const [markdown, csv] = (['md', 'csv'] as const).map((format) =>
      renderTableFile(chosenBy({ tied: [MACENKO] }), format),
    )
    expect(markdown).toContain('| stain | choice: log loss | held-out accuracy % | val accuracy %')
    expect(markdown).toContain('| **none** | **0.400 (best)** |')
    expect(markdown).toContain('| macenko | 0.410 (0.010 behind, ± 0.020, p 0.50) |')
    expect(markdown).not.toContain('| val p |')
    expect(csv.split('\n')[0]).toContain(
      'choice_log_loss,choice_behind,choice_behind_se,choice_p_holm,held_out_accuracy,held_out_accuracy_low',
    )
  })
})

describe('a choice on validation', () => {
  it('says so, and has no column of held-out centers', async () => {
    const text = await evaluateOf({ heldOut: false, by: 'accuracy' })
    expect(text).toContain('Choice: mean accuracy on validation;')
    expect(text).toContain('none chosen 40.0 best –')
    expect(text).toMatch(/cost accuracy p accuracy %/)
    expect(text).not.toContain('held out')
  })
})

describe('a choice that is clear, or none', () => {
  it('is told of without ties', async () => {
    expect(await evaluateOf({ tied: [] })).toContain('The choice is clear')
    expect(textOf(renderLead(chosenBy({ tied: [] })).markup)).not.toContain('tied')
    const only = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] })
    const page = textOf(await renderReport({ ...dataOf(chooseIn(only)), gallery: null }))
    expect(page).toContain('The combination none / texture / mlp predicts')
    expect(page).not.toMatch(/Choice|tied with/)
  })
})

describe('ensembles', () => {
  it('are counted apart from the grid, and are no stain and no extractor', async () => {
    const [first] = RUN.metrics.cells
    const ensemble = {
      ...first,
      ...{ id: 'ensemble/all', stain: 'several', embed: 'several', members: [NONE, MACENKO] },
    }
    const cells = [...RUN.metrics.cells, ensemble]
    const run = chooseIn({ ...RUN, metrics: { ...RUN.metrics, cells } })
    const page = textOf(await renderReport({ ...dataOf(run), gallery: null }))
    expect(page).toContain('report of a run: 3 stain methods, 1 extractor, 1 classifier and 1 ensemble')
    const signature = page.slice(page.indexOf('Hospital signature Hospital'), page.indexOf('Quality: what'))
    expect(signature).not.toContain('several')
    expect(
      page.slice(page.indexOf('Each extractor with'), page.indexOf('What the rules found')),
    ).not.toContain('several /')
  })
})
