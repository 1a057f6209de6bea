// Patches, their samples and what the quality filter made of them: the same count in every place, and names one can read.

import { describe, expect, it } from 'vitest'
import { renderId } from '../../src/report/parts.ts'
import { renderPatches } from '../../src/report/sections/patches.ts'
import { renderQuality } from '../../src/report/sections/quality.ts'
import type { Manifest } from '../../src/runs/record.ts'
import { dataOf, inventRun, textOf } from './sampleRun.ts'

const RUN = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] })
const dataWith = (manifest: Partial<Manifest>) =>
  dataOf({ ...RUN, manifest: { ...RUN.manifest, ...manifest } })
const patchesOf = (manifest: Partial<Manifest>) => textOf(renderPatches(dataWith(manifest)).body.markup)

describe('samples of a center', () => {
  it('are said to be some of its patches', () => {
    expect(patchesOf({})).toContain('Center 0, training 6 of 480 patches')
  })
})

describe('an id under a picture', () => {
  it('is the name of the file, its middle left out where it is long', () => {
    const shown = (id: string) => textOf(renderId(id).markup)
    expect(shown('17')).toBe('17')
    expect(shown('pictures/train/tumor/217.png')).toBe('217.png')
    expect(shown('pictures\\train\\217.png')).toBe('217.png')
    expect(shown('train/patch_patient_004_node_4_x_3328.png')).toBe('patch_p…328.png')
    expect(renderId('train/217.png').markup).toContain('title="train/217.png"')
  })
})

describe('flagged test patches', () => {
  const splits = { ...RUN.manifest.splits, test: { ...RUN.manifest.splits.test!, kept: 800 } }

  it('are said to be kept wherever they are shown or counted', () => {
    const { markup } = renderQuality(dataWith({ splits })).body
    const quality = textOf(markup)
    expect(quality).toContain('3 patches of the test set were flagged and kept all the same')
    expect(quality).toMatch(
      /rejected 14 0\.8\s% 3 0\.5\s% 0 0\.0\s% kept 1,786 99\.2\s% 597 99\.5\s% 800 100\.0\s%/,
    )
    expect(markup).not.toContain('Rejected patches')
    expect(quality).toContain('black: 4,096 center 1, val')
    expect(quality).toContain('black: 6,144 kept center 2, test')
    expect(patchesOf({ splits })).toContain('kept 800 (0 rejected, 3 flagged)')
  })

  it('are rejected patches where the split leaves them out', () => {
    expect(textOf(renderQuality(dataWith({})).body.markup)).not.toContain('kept all the same')
    expect(patchesOf({})).toContain('kept 797 (3 rejected)')
  })
})
