// The guards say what the manifest says: what splits have in common, and what could not be compared.

import { describe, expect, it } from 'vitest'
import type { OrderedGroup, OrderFinding } from '../../src/guards/index.ts'
import { renderGuards } from '../../src/report/sections/guards.ts'
import { renderSummary } from '../../src/report/sections/summary.ts'
import type { Manifest, Metrics } from '../../src/runs/record.ts'
import { dataOf, inventRun, textOf } from './sampleRun.ts'

const RUN = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] })
const guardsOf = (manifest: Partial<Manifest>, metrics: Partial<Metrics> = {}) =>
  textOf(
    renderGuards(
      dataOf({
        ...RUN,
        manifest: { ...RUN.manifest, ...manifest },
        metrics: { ...RUN.metrics, ...metrics },
      }),
    ).body.markup,
  )

describe('what splits have in common', () => {
  it('is what the manifest says, not what centers are called', () => {
    expect(guardsOf({})).toContain(
      'No center is in two splits: 0, 3, 4 for training, 1 for validation and 2 for test.',
    )
    const patches = { count: 0, of: 800 }
    const overlaps = [{ splits: ['train', 'test'], patches, slides: [], centers: ['0', '3'] }] as const
    const text = guardsOf({ overlaps })
    expect(text).toContain('train and test: 2 centers are in both (0, 3). Not a test on an unseen hospital.')
    expect(text).not.toContain('No center is in two splits')
  })
})

describe('near duplicates', () => {
  const examples = [{ first: '7', second: '12', view: 'mirrored left to right', likeness: 0.97 }]
  const overlapWith = (near: object) => ({
    splits: ['val', 'test'] as const,
    patches: { count: 0, of: 800 },
    near: { count: 2, examples, ...near },
    slides: [],
    centers: [],
  })

  it('are counted, with one of them', () => {
    expect(guardsOf({ overlaps: [overlapWith({})] })).toContain(
      'val and test: 2 of the 800 patches of test (0.3 %) look like patches of val but for small changes (e.g. 12 like 7 mirrored left to right).',
    )
    expect(guardsOf({ overlaps: [overlapWith({ count: 1, turned: 1, contradicting: 1 })] })).toContain(
      '1 of the 800 patches of test (0.1 %) looks like a patch of val but for small changes, all of them turned or mirrored, all of them with a contradicting label (e.g.',
    )
  })

  it('could not be looked for among uniform patches, which are counted', () => {
    expect(guardsOf({})).not.toContain('Not compared')
    const splits = { ...RUN.manifest.splits, val: { ...RUN.manifest.splits.val!, uniform: 9 } }
    expect(guardsOf({ splits })).toContain('any detail: 9 of 600 validation patches.')
  })
})

describe('orders', () => {
  const group: OrderedGroup = { center: '1', count: 600, slides: 10, auroc: 0.25, p: 2e-9 }
  const found = (kind: OrderFinding['kind'], known: Partial<OrderedGroup> = {}): OrderFinding[] => [
    { set: 'val', by: 'place', kind, groups: [{ ...group, ...known }] },
  ]

  it('that tell labels are told where the metrics are, with what follows', () => {
    const orders = found('trend')
    const sentence =
      'val: the place of a patch in its file tells its label: AUROC 0.25 in center 1 (p &lt; 0.0001).'
    expect(guardsOf({}, { orders })).toContain(sentence)
    const summary = textOf(renderSummary(dataOf({ ...RUN, metrics: { ...RUN.metrics, orders } })).body.markup)
    expect(summary).toContain(`ORDER TELLS LABELS ${sentence} Eosin uses neither the order of rows nor ids`)
  })

  it('of files without slides may be those of slides', () => {
    expect(guardsOf({}, { orders: found('trend', { slides: null }) })).toContain('The data name no slides')
  })

  it('in which neighbours are alike may be those of the tissue, in which they differ may not', () => {
    const runs = (count: number, kind: 'runs' | 'neighbours' = 'runs') =>
      found(kind, { runs: { count, expected: 300.4 }, p: 0.0004 })
    const remark = guardsOf({}, { orders: runs(80, 'neighbours') })
    expect(remark).toContain(
      'val: neighbours along the order of the file share their label: AUROC 0.25 in center 1, 80 runs of equal labels where 300 are expected (p = 0.0004). So it is where patches were cut row by row of the tissue, and where each slide is sorted by label.',
    )
    expect(remark).toContain('Neither the order of rows')
    expect(guardsOf({}, { orders: runs(580) })).toContain('seldom share their label')
    expect(guardsOf({}, { orders: runs(4) })).toContain(
      'less often along the order of the file than there are slides',
    )
    const noticeOf = (orders: OrderFinding[]) =>
      textOf(renderSummary(dataOf({ ...RUN, metrics: { ...RUN.metrics, orders } })).body.markup)
    expect(noticeOf(runs(580))).toContain('ORDER TELLS')
    expect(noticeOf(runs(80, 'neighbours'))).not.toContain('ORDER TELLS')
  })

  it('that slides explain are no warning, and none are said to be none, but by runs that did not look', () => {
    const orders = found('slides')
    expect(guardsOf({}, { orders })).toContain('no more than slides that stand in blocks')
    const summary = textOf(renderSummary(dataOf({ ...RUN, metrics: { ...RUN.metrics, orders } })).body.markup)
    expect(summary).not.toContain('ORDER TELLS')
    const none = 'Neither the order of rows nor the number in an id tells a label'
    expect(guardsOf({}, { orders })).toContain(none)
    expect(guardsOf({}, { orders: [] })).toContain(none)
    expect(guardsOf({})).not.toContain(none)
  })

  it('of many centers are named in part', () => {
    const groups = Array.from({ length: 8 }, (_, i) => ({ ...group, center: `${i}` }))
    expect(guardsOf({}, { orders: [{ ...found('trend')[0], groups }] })).toContain(
      'in center 4 (p &lt; 0.0001); and in 3 more.',
    )
  })
})
