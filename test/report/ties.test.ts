// Which cells count as tied with the chosen one, and how the report says so.

import { describe, expect, it } from 'vitest'
import { renderReport } from '../../src/report/index.ts'
import { renderEvaluate } from '../../src/report/sections/evaluate.ts'
import { renderStains } from '../../src/report/sections/stain.ts'
import { renderLead } from '../../src/report/sections/summary.ts'
import { findTied, listTied } from '../../src/report/ties.ts'
import type { CellDifference } from '../../src/runs/record.ts'
import { dataOf, inventRun, type SampleRun, textOf } from './sampleRun.ts'

const RUN = inventRun({ stains: ['none', 'macenko', 'reinhard'], embeds: ['texture'], heads: ['mlp'] })

// The run with these p of the cells other than the chosen one, in their order.
function withP(val: readonly number[], test: readonly (number | null)[] = val): SampleRun {
  const differences = RUN.metrics.differences!.map((difference, i): CellDifference => {
    const p = test[i]
    return {
      ...difference,
      val: { ...difference.val, p: val[i] },
      test: p === null ? null : { ...difference.test!, p },
    }
  })
  return { ...RUN, metrics: { ...RUN.metrics, differences } }
}
const evaluateOf = async (run: SampleRun) => textOf((await renderEvaluate(dataOf(run))).body.markup)

describe('a tie', () => {
  it('is a paired test on validation whose p, adjusted for all pairs of cells, is 0.05 or more', () => {
    const { metrics } = withP([0.02, 0.01]) // three pairs of cells: 0.03 and 0.04
    const adjusted = (split: 'val' | 'test') =>
      [...findTied(metrics, split).values()].map((tie) => Number(tie.adjusted.toFixed(9)))
    expect(adjusted('val')).toEqual([0.04, 0.03])
    expect(adjusted('test')).toEqual([0.02, 0.02]) // chosen elsewhere: its own two pairs alone
    expect(listTied(metrics)).toEqual([])
    const tied = withP([0.03, 0.02]).metrics // 0.06 and 0.06, though 0.04 on the test set
    expect(listTied(tied).map(({ id }) => id)).toHaveLength(2)
    expect(listTied(tied).map(({ id }) => id)).not.toContain(tied.chosen)
  })

  it('says nothing where the run did not compare, or not on this split', () => {
    const { differences: _, ...older } = RUN.metrics
    expect(listTied(older)).toEqual([])
    expect(findTied(withP([0.03, 0.02], [null, null]).metrics, 'test').size).toBe(0)
  })

  it('is said in words, in the lead, beside the choice and in the table', async () => {
    const run = withP([0.01, 0.4])
    const [, tied] = run.metrics.differences!.map(({ cell }) => cell.split('/')[0])
    expect(textOf(renderLead(dataOf(run)).markup)).toContain(
      '1 other combination is tied with it: they cannot be told apart.',
    )
    const text = await evaluateOf(run)
    expect(text).toContain(`1 of 2 other cells cannot be told apart from it on validation`)
    expect(text).toContain(`adjusted for all pairs of cells (Holm)): ${tied}.`)
    expect(text).toContain(`${tied} tied`)
    expect(text.match(/ tied /g)).toHaveLength(1)
  })

  it('is not said where there is none', async () => {
    const run = withP([0.001, 0.002])
    expect(textOf(renderLead(dataOf(run)).markup)).not.toContain('told apart')
    const text = await evaluateOf(run)
    expect(text).toContain('On validation every other cell is told apart from it (p &lt; 0.05')
    expect(text).not.toMatch(/ tied \d/)
  })

  it('with a cell whose seeds agree better is said with both spreads', async () => {
    const run = withP([0.5, 0.5])
    const spread = (id: string) => (id === run.metrics.chosen ? 0.066 : id.startsWith('none') ? 0.009 : 0.05)
    const cells = run.metrics.cells.map((cell) => ({
      ...cell,
      valAccuracyOverSeeds: { mean: 0.8, sd: spread(cell.id) },
    }))
    const text = await evaluateOf({ ...run, metrics: { ...run.metrics, cells } })
    expect(text).toContain('Its accuracy varies by 6.6 points from seed to seed (SD), that of none by 0.9.')
    expect(await evaluateOf(run)).not.toContain('from seed to seed')
  })
})

describe("'none'", () => {
  const augmented: SampleRun = {
    ...RUN,
    metrics: {
      ...RUN.metrics,
      cells: RUN.metrics.cells.map((cell, i) => ({ ...cell, augment: i === 1 ? 'flips' : 'none' })),
    },
  }

  it('is said of the stain and of nothing else in a name', async () => {
    const page = textOf(await renderReport({ ...dataOf(augmented), gallery: null }))
    expect(page).not.toContain('none / none')
    expect(page).toContain('macenko / flips')
    expect(page).toContain('1 augmentation')
  })

  it('is shown once among the stains: as the patches were read', async () => {
    const { gallery } = RUN
    const section = renderStains({ ...dataOf(RUN), gallery })!
    const text = textOf(section.body.markup)
    expect(text.match(/none/g)).toHaveLength(1)
    expect(text).toContain('none as read')
    const only = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] })
    expect(renderStains({ ...dataOf(only), gallery: null })).toBeNull()
  })

  it('stands in no column that is the same in every cell', async () => {
    const head = async (run: SampleRun) =>
      (await renderEvaluate(dataOf(run))).body.markup.match(/<thead>.*?<\/thead>/s)![0]
    expect(textOf(await head(RUN))).not.toMatch(/augment|embed|classify/)
    expect(textOf(await head(augmented))).toContain('stain augment Validation')
    expect(await evaluateOf(RUN)).toContain('In every cell: embed texture and classify mlp.')
  })
})
