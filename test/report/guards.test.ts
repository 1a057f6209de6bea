// The guards say what the manifest says: what splits have in common, and what could not be compared.

import { describe, expect, it } from 'vitest'
import { renderGuards } from '../../src/report/sections/guards.ts'
import type { Manifest } from '../../src/runs/record.ts'
import { dataOf, inventRun, textOf } from './sampleRun.ts'

const RUN = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] })
const guardsOf = (manifest: Partial<Manifest>) =>
  textOf(renderGuards(dataOf({ ...RUN, manifest: { ...RUN.manifest, ...manifest } })).body.markup)

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
