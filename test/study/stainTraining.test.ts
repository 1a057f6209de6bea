// What of a training is told to those who read a run.

import { describe, expect, it } from 'vitest'
import type { StainEntry } from '../../src/recipe/index.ts'
import { describeTraining } from '../../src/study/steps/stainTraining.ts'

describe('a training as a run tells of it', () => {
  it('names a checkpoint by its file, and no folder of the machine', () => {
    const models = ['training', '/home/ann/gan/latest_net_G_A.pth'].map((from) => ({ source: '3', from }))
    const entry = {
      label: 'gan',
      name: 'cyclegan',
      options: { sources: ['train'] },
      reference: { split: 'train' },
    }
    const fit = { target: '0', seen: ['3'], side: 96, models, architecture: {} }
    const [told] = describeTraining([{ entry: entry as unknown as StainEntry, fit: fit as never }])
    expect(told.models.map(({ from }) => from)).toEqual(['training', 'latest_net_G_A.pth'])
    expect(told).toMatchObject({ stain: 'gan', target: '0', transductive: false })
  })
})
