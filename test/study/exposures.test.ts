// What extractors have seen of a study's hospitals, through the command line: warned of, and kept with the run.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import { createChallengeFile } from '../../src/patches/index.ts'
import { runCli } from '../cli/runCli.ts'
import { tinyCard, tinyWeights } from '../embed/tinyVit.ts'
import { drawTissue } from '../stain/pictures.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-exposures-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function writeFile(name: string, center: number): Promise<void> {
  const file = await createChallengeFile(at(name), { height: 32, width: 32 })
  for (let i = 0; i < 12; i++) {
    const image = pixelsAt(drawTissue(1000 * center + i, 32), 0).data
    file.append({ id: `${(7 * i) % 100}`, image, label: Number(i % 3 === 0), center, slide: i % 2 })
  }
  await file.close()
}

beforeAll(async () => {
  for (const [center, split] of ['train', 'val', 'test'].entries()) await writeFile(`${split}.h5`, center)
  writeFileSync(at('tiny.json'), JSON.stringify({ ...tinyCard, pretraining: ['PCam'] }))
  copyFileSync(tinyWeights, at('weights.safetensors'))
})

const tiny = 'extractor: "vit:tiny.json", weights: weights.safetensors'
const embed = `[texture, { ${tiny}, label: tiny }, { ${tiny}, label: photographs, pretraining: [ImageNet-1k] }, { ${tiny}, label: unsaid, pretraining: [slides of ours] }]`

async function study(word: string, facts: string, ...more: string[]) {
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: ${split}.h5${facts} }`)
  const text = `name: seen\nseeds: 1\ndata:\n${data.join('\n')}\nstain: [none]\nembed: ${embed}\nclassify: [logistic]\n`
  writeFileSync(at('recipe.yaml'), text)
  const result = await runCli(['study', word, 'recipe.yaml', '--device', 'cpu', ...more], folder)
  expect(result).toMatchObject({ code: 0 })
  return result
}

const sentence =
  'tiny was pre-trained on PCam, which holds patients of Radboud UMC (center 0 of train) and UMC Utrecht (center 2 of test): metrics there are not those of a hospital it has never seen.'
const unsaid =
  "unsaid: whether its pre-training data hold patients of the study's hospitals is not known (the hospitals of 'slides of ours' are not named)."

describe('files of the challenge, which are taken for its hospitals', () => {
  it('are planned with what extractors have seen of them', async () => {
    const { stdout } = await study('plan', '')
    expect(stdout).toContain(`Warning: extractor saw hospitals: ${sentence}`)
    expect(stdout).toContain(`Note: ${unsaid}`)
    expect(stdout).not.toContain('photographs:')
  })

  it('are run with it in terminal, log, metrics, table, report and model card', async () => {
    const { stdout, stderr } = await study('run', '')
    expect(stderr.indexOf(sentence)).toBeGreaterThan(0)
    expect(stderr).toContain(unsaid)
    expect(stdout).toContain(sentence)
    expect(stdout).toContain(unsaid)
    const read = (file: string) => readFileSync(at('runs/seen', file), 'utf8')
    const { exposures, chosen } = JSON.parse(read('metrics.json'))
    expect(
      Object.entries(exposures).map(([label, found]) => [label, (found as { status: string }).status]),
    ).toEqual([
      ['texture', 'untrained'],
      ['tiny', 'yes'],
      ['photographs', 'none known'],
      ['unsaid', 'not known'],
    ])
    expect(read('log.jsonl')).toContain('what it has seen')
    expect(read('report.html')).toContain('extractor saw hospitals of train and test')
    expect(read('report.html')).toContain('pre-training not known')
    expect(read('table.csv')).toContain('hospitals of train and test')
    expect(read('table.md')).toContain(sentence)
    expect(read('table.tex')).toContain('none known')
    expect(read('MODEL_CARD.md')).toContain('taken for Camelyon17-WILDS')
    if (chosen.includes('tiny')) expect(read('MODEL_CARD.md')).toContain(sentence)
  }, 120_000)
})

describe('files that are said to be of something else', () => {
  const statuses = async (facts: string) => {
    const { exposures } = JSON.parse((await study('plan', facts, '--json')).stdout)
    return Object.values(exposures as Record<string, { status: string }>).map(({ status }) => status)
  }

  it('are compared as that: another data set, one of which nothing is known, or no tissue', async () => {
    expect(await statuses(', dataset: LC25000')).toEqual([
      'untrained',
      'none known',
      'none known',
      'not known',
    ])
    expect(await statuses(', dataset: slides of ours')).toEqual([
      'untrained',
      'not known',
      'none known',
      'yes',
    ])
    expect(await statuses(', origin: semi-synthetic')).toEqual([
      'untrained',
      'not known',
      'none known',
      'not known',
    ])
    expect(await statuses(', origin: synthetic')).toEqual([
      'untrained',
      'no hospitals',
      'no hospitals',
      'no hospitals',
    ])
    writeFileSync(at('eosin.json'), JSON.stringify({ dataset: 'LC25000' }))
    expect(await statuses(', dataset: CAMELYON17')).toEqual([
      'untrained',
      'none known',
      'none known',
      'not known',
    ])
    rmSync(at('eosin.json'))
  }, 60_000)
})
