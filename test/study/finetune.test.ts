// A study whose grid holds embeddings and fine-tuning side by side, on mirrored and turned views of the training
// patches, killed while the blocks are trained: running it again ends in the same bytes. The model is DINOv2 small at
// full size, with made-up weights, on small images.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawVitWeights } from '../classify/vitWeights.ts'
import { hashRun, killDuring } from '../cli/killing.ts'
import { runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-finetune-study-'))
const recipe = join(folder, 'recipe.yaml')

function studyArgs(out: string): string[] {
  return ['study', 'run', recipe, '--out', join(folder, out), '--device', 'cpu']
}

beforeAll(async () => {
  const counts = ['--train', '80', '--val', '40', '--test', '40']
  expect(await runCli(['patches', 'make', join(folder, 'data'), ...counts])).toMatchObject({ code: 0 })
  writeFileSync(join(folder, 'vits14.safetensors'), drawVitWeights())
  writeFileSync(
    recipe,
    `name: tuned
seeds: 1
data:
  train: { path: data/train.h5 }
  val: { path: data/val.h5 }
  test: { path: data/test.h5 }
stain: [none]
augment: [{ label: turned, flips: true, rotation: 15, views: 2 }]
embed:
  - texture
  - { extractor: dinov2-small, weights: vits14.safetensors, resize: 28, crop: false }
  - { extractor: dinov2-small, weights: vits14.safetensors, resize: 28, crop: false, trunk: 2, label: tuned }
classify: [{ head: mlp, epochs: 5 }, { head: finetune, epochs: 4, patience: 4 }]
`,
  )
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a study with fine-tuning', () => {
  it('pairs heads with extractors, and killed between two epochs ends in the same bytes', async () => {
    const whole = await runCli(studyArgs('whole'))
    expect(whole.stderr).not.toContain('eosin:')
    expect(whole.code).toBe(0)
    const run = join(folder, 'whole', 'tuned')
    const { cells } = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8')) as {
      cells: { id: string }[]
    }
    expect(cells.map(({ id }) => id)).toEqual([
      'none/turned/texture/mlp',
      'none/turned/dinov2-small/mlp',
      'none/turned/tuned/finetune',
    ])
    // The checkpoint of fine-tuning is tens of megabytes, that of the perceptron one or two.
    const isTuning = (work: string) =>
      (statSync(join(work, 'checkpoint'), { throwIfNoEntry: false })?.size ?? 0) > 2e7
    const out = join(folder, 'killed')
    expect(await killDuring(studyArgs('killed'), join(out, '.cache', 'classify'), isTuning)).toBe(true)
    expect(existsSync(join(out, 'tuned', 'metrics.json'))).toBe(false)
    expect((await runCli(studyArgs('killed'))).code).toBe(0)
    expect(hashRun(join(out, 'tuned'))).toEqual(hashRun(run))
  }, 300_000)
})
