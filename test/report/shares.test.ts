// How transductive cells depend on the share of tumour, in the report, the model card's sentences and the terminal's.

import { describe, expect, it } from 'vitest'
import { renderShares } from '../../src/report/sections/shares.ts'
import { describeShareLoss, describeShares } from '../../src/runs/browser.ts'
import type { Metrics, ShareSensitivities } from '../../src/runs/record.ts'
import { dataOf, inventRun, textOf } from './sampleRun.ts'

const sample = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] })
const chosen = sample.metrics.chosen

// Balanced accuracies at 10, 50 and 90 % of tumour.
function inventShares(own: readonly number[], plain?: readonly number[]): ShareSensitivities {
  const scores = (value: number) => ({ accuracy: value + 0.01, balancedAccuracy: value, auroc: 0.95 })
  const mean = own.map((value, i) => ({
    share: [0.1, 0.5, 0.9][i],
    own: scores(value),
    whole: scores(0.88),
    ...(plain && { plain: scores(plain[i]) }),
  }))
  return {
    measured: [
      {
        cell: chosen,
        draws: 5,
        centers: [{ center: '1', patches: 120, tumour: 0.47, shares: mean }],
        leftOut: [{ center: '3', reason: '12 tumour patches, 20 are the least' }],
        mean,
      },
    ],
    notMeasured: ['none/texture/adversarial-target/mlp'],
  }
}
const withShares = (shares: ShareSensitivities): Metrics => ({ ...sample.metrics, shares })

describe('the section on the share of tumour', () => {
  it('shows each way to align by share, what was left out and what is not measured', async () => {
    const data = { ...dataOf(sample), metrics: withShares(inventShares([0.8, 0.9, 0.75], [0.7, 0.7, 0.7])) }
    const { markup } = (await renderShares(data))!.body
    const text = textOf(markup)
    expect(text).toContain('center 1 120 patches (47.0')
    expect(text).toMatch(/aligned by these patches alone 80\.0 81\.0 % 0\.950 90\.0 .* 75\.0/)
    expect(text).toMatch(/the same cell without alignment 70\.0/)
    expect(text).toContain('Left out: 3 (12 tumour patches, 20 are the least).')
    expect(text).toContain('Not measured: how training with patches of the target')
    expect(text).toContain('none/texture/adversarial-target/mlp')
    expect(markup.match(/<svg/g)).toHaveLength(1)
    expect(markup).toContain('Balanced accuracy by share of tumour')
  })

  it('leaves out the cell without alignment where there is none, and is not there without aligned cells', async () => {
    const data = { ...dataOf(sample), metrics: withShares(inventShares([0.8, 0.9, 0.75])) }
    expect(textOf((await renderShares(data))!.body.markup)).not.toContain('without alignment')
    expect(await renderShares(dataOf(sample))).toBeNull()
  })
})

describe('in words', () => {
  it('a loss of a few points is told, by the worst share, and no smaller one', () => {
    const [sentence] = describeShareLoss(withShares(inventShares([0.85, 0.9, 0.75])))
    expect(sentence).toContain('where 90 % of a new center')
    expect(sentence).toContain('76.0 % (balanced 75.0 %), against 91.0 % (balanced 90.0 %) where half are')
    expect(describeShareLoss(withShares(inventShares([0.88, 0.9, 0.89])))).toEqual([])
    expect(describeShareLoss(withShares(inventShares([0.95, 0.9, 0.91])))).toEqual([])
    expect(describeShareLoss(sample.metrics)).toEqual([])
  })

  it('every share of the chosen cell is told where there is room', () => {
    expect(describeShares(withShares(inventShares([0.85, 0.9, 0.75])))).toEqual([
      `${chosen}, aligned by patches of a labelled center that it was not trained on (1), has an accuracy of 86.0 % (balanced 85.0 %) where 10 % of the patches are tumour, 91.0 % (balanced 90.0 %) where 50 % of the patches are tumour, 76.0 % (balanced 75.0 %) where 90 % of the patches are tumour.`,
    ])
  })
})
