// MODEL_CARD.md: the sections of Mitchell et al., from the files of the run alone.

import { describe, expect, it } from 'vitest'
import { findExposure } from '../../src/guards/index.ts'
import { noAdaptation } from '../../src/recipe/index.ts'
import type { ReportData } from '../../src/report/index.ts'
import { renderModelCard } from '../../src/report/modelCard.ts'
import type { MemberFile, ModelFile } from '../../src/study/model.ts'
import { dataOf, inventRun, type SampleOptions } from './sampleRun.ts'

const SMALL: SampleOptions = { stains: ['none', 'macenko'], embeds: ['dinov2-small'], heads: ['mlp'] }

function modelOf(
  { metrics, manifest }: ReportData,
  change: Partial<ModelFile> = {},
  changeMember: Partial<MemberFile> = {},
): ModelFile {
  const cell = metrics.cells.find(({ id }) => id === metrics.chosen)!
  const member = {
    cell: cell.id,
    folder: '',
    stain: {
      label: cell.stain,
      name: 'macenko',
      options: { weights: '/home/ann/w.pt' },
      reference: { split: 'train', center: '0', count: 64 },
      fallback: 'slide',
    },
    fit: {} as MemberFile['fit'],
    augment: { label: cell.augment } as MemberFile['augment'],
    embed: { label: cell.embed, name: 'dinov2-small', options: { weights: '/home/ann/d.pt' } },
    adapt: noAdaptation,
    head: 'mlp',
    seeds: manifest.seeds,
    extractorKey: 'k',
    ...changeMember,
  } as MemberFile
  const patch = { height: 96, width: 96 }
  return { cell: cell.id, members: [member], threshold: 0.5, patch, ...change }
}
const cardOf = (data: ReportData, ...changes: [Partial<ModelFile>?, Partial<MemberFile>?]) =>
  renderModelCard(data, modelOf(data, ...changes))

describe('a model card', () => {
  const data = dataOf(inventRun(SMALL))
  const card = cardOf(data)

  it('says what the model is, is made from, is for and is not', () => {
    expect(card).toMatchSnapshot()
  })

  it('has the sections of Mitchell et al. 2019', () => {
    const titles = [...card.matchAll(/^## (.*)$/gm)].map(([, title]) => title)
    expect(titles).toEqual([
      'Model details',
      'Intended use',
      'Factors',
      'Metrics',
      'Evaluation data',
      'Training data',
      'Quantitative analyses',
      'Ethical considerations',
      'Caveats and recommendations',
      'How to use it',
    ])
  })

  it('names no path of the machine', () => {
    expect(card).not.toContain('/home')
  })

  it('says what limits its numbers: transductive parts, overlaps, gaps, tokens, withheld labels', () => {
    const limits = cardOf(
      {
        ...data,
        manifest: {
          ...data.manifest,
          overlaps: [{ splits: ['train', 'val'], patches: { count: 3, of: 120 }, slides: [], centers: [] }],
        },
        metrics: { ...data.metrics, failures: [{ task: 'a', reason: 'b', skipped: [] }] },
      },
      { transductive: true },
      { embed: { label: 'dinov2-small', name: 'dinov2-small', options: { trunk: 2 } } },
    )
    expect(limits).toContain('Transductive: unlabelled patches')
    expect(limits).toContain('3 of the 120 patches of val')
    expect(limits).toContain('1 task of the study failed')
    expect(limits).toContain('reads the tokens of the extractor')
    expect(card).not.toMatch(/Transductive|tokens|failed/)
    const withheld = cardOf(dataOf(inventRun({ ...SMALL, testLabels: false })))
    expect(withheld).toContain('how well it does on an unseen hospital is not known')
    expect(withheld).toContain('labels withheld')
  })

  it('says what the extractor has seen of the study', () => {
    const tissue = [{ split: 'test', dataset: 'CAMELYON17', isSynthetic: false, centers: ['2'] }]
    const seen = (sets: readonly string[]) => {
      const exposures = { 'dinov2-small': findExposure(sets, tissue) }
      return cardOf({ ...data, metrics: { ...data.metrics, exposures } })
    }
    expect(seen(['PatchCamelyon'])).toContain(
      '- dinov2-small was pre-trained on PatchCamelyon, which holds patients of UMC Utrecht (center 2 of test)',
    )
    expect(seen([])).toContain("study's hospitals is not known (what it was trained on is not stated)")
    expect(seen(['ImageNet'])).toContain(
      "none of the study's hospitals is known to be in its pre-training data",
    )
  })

  it('says how a threshold was found, once', () => {
    const decided = (decision: object, threshold: ModelFile['threshold']) => {
      const cells = data.metrics.cells.map((cell) => ({ ...cell, decision }))
      return cardOf({ ...data, metrics: { ...data.metrics, cells } } as ReportData, { threshold })
    }
    const lines = (text: string) => text.split('\n').filter((line) => /^- (Threshold|Temperature)/.test(line))
    expect(lines(card)).toEqual(['- Threshold: tumour from a probability of 0.5 on'])
    expect(lines(decided({ rule: 'held-out' }, 0.31))).toEqual([
      expect.stringContaining('which gave the highest accuracy on validation'),
    ])
    const temperature = { pooled: 1.5, byCenter: { 1: 1.5 } }
    expect(lines(decided({ rule: { share: 0.3 }, temperature }, { share: 0.3 }))).toEqual([
      expect.stringContaining('30 % are predicted to be tumour'),
      expect.stringContaining('log odds are divided by 1.50'),
    ])
  })

  it('says where an embedding is a mean over views', () => {
    const options = { label: 'dinov2-small', name: 'dinov2-small' }
    const views = cardOf(data, {}, { embed: { ...options, options: { views: 8 } } })
    expect(views).toContain('; an embedding is the mean over the 8 flips and quarter turns of a patch')
    expect(cardOf(data, {}, { embed: { ...options, options: { views: 1 } } })).toBe(card)
  })

  it('holds odd labels as text', () => {
    const odd = '<script>|_*'
    const text = cardOf(dataOf(inventRun({ stains: [odd], embeds: [odd], heads: ['mlp'], name: odd })))
    expect(text).not.toContain('<script')
    expect(text).toContain('# Model card: &lt;script&gt;\\|\\_\\*')
  })
})
