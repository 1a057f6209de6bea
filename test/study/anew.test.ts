// What a change makes anew, exactly: the keys of a study's tasks before and after, and no task more or less than the plan
// says is done again.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import { allRows, createChallengeFile, openPatchSet } from '../../src/patches/index.ts'
import { readRecipe } from '../../src/recipe/index.ts'
import type { Split } from '../../src/runs/index.ts'
import { planStudy, type StudyPlan } from '../../src/study/index.ts'
import { makeSyntheticChallenge } from '../../src/synthetic/index.ts'
import { runCli } from '../cli/runCli.ts'
import { tinyCard, tinyWeights } from '../embed/tinyVit.ts'

let engine = 'onnxruntime 1.30.0 cpu'
vi.mock(import('../../src/engine/index.ts'), async (original) => ({
  ...(await original()),
  nameEngines: () => ({ device: engine, processor: engine }),
}))

const folder = mkdtempSync(join(tmpdir(), 'eosin-anew-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Patch {
  readonly data: Uint8Array
  label: number
}

// Writes a split as it was made, but for what `change` does to its patches.
async function writeSplit(split: Split, change: (patches: Patch[]) => void = () => {}): Promise<void> {
  const made = await openPatchSet(at('made', `${split}.h5`))
  const all = await made.read(allRows(made))
  const patches = made.ids.map((_, row) => ({ data: pixelsAt(all, row).data, label: made.labels![row] }))
  change(patches)
  const file = await createChallengeFile(at('data', `${split}.h5`), {
    height: made.height,
    width: made.width,
  })
  for (const [row, { data, label }] of patches.entries()) {
    const [center, slide] = [Number(made.centers![row]), Number(made.slides![row])]
    file.append({ id: made.ids[row], image: data, label, center, slide })
  }
  await file.close()
  await made.close()
}

const turnLabel = (patches: Patch[]) => {
  patches[3].label = 1 - patches[3].label
}

interface Options {
  readonly head?: string
  readonly top?: string
  readonly stain?: string
  readonly augment?: string
  readonly embed?: string
}

const vit = '{ extractor: "vit:tiny.json", weights: weights.safetensors, label: vit }'

function writeRecipe({
  head = 'epochs: 2',
  top = 'quality: {}',
  stain = 'macenko',
  augment = 'none, { label: turned, flips: true, views: 2 }',
  embed = `texture, ${vit}`,
}: Options = {}): string {
  const data = ['train', 'val', 'test'].map((split) => `  ${split}: { path: data/${split}.h5 }`)
  const text = `name: anew
data:
${data.join('\n')}
${top.includes('seeds:') ? '' : 'seeds: 2\n'}${top}
stain: [none, ${stain}]
augment: [${augment}]
embed: [${embed}]
classify: [{ head: mlp, hidden: [8], ${head} }, logistic]
`
  writeFileSync(at('recipe.yaml'), text)
  return at('recipe.yaml')
}

beforeAll(async () => {
  const counts = { train: 48, val: 20, test: 20 }
  await makeSyntheticChallenge(at('made'), { counts, size: 32, testLabels: true })
  writeFileSync(at('tiny.json'), JSON.stringify(tinyCard))
  copyFileSync(tinyWeights, at('weights.safetensors'))
  for (const split of ['train', 'val', 'test'] as const) await writeSplit(split)
}, 120_000)

// The keys of all tasks, by what they do.
async function readKeys(options?: Options): Promise<Map<string, string>> {
  const { steps } = await planStudy(await readRecipe(writeRecipe(options)), at('keys'), { device: 'cpu' })
  return new Map(steps.map(({ kind, what, key }) => [`${kind} ${what}`, key]))
}

// `a {b,c} {d,e}` as all that it stands for.
function expand(text: string): string[] {
  const [, before, choices, after] = /^(.*?)\{(.*?)\}(.*)$/.exec(text) ?? []
  return choices === undefined
    ? [text]
    : choices.split(',').flatMap((choice) => expand(before + choice + after))
}

const everySplit = '{train,val,test}'
const every = {
  embed: (stain: string, embed = '{texture,vit}', splits = '{train,val,test}') => [
    ...expand(`embed ${stain}/${embed} ${splits}`),
    ...(splits.includes('train') ? expand(`embed ${stain}/turned/${embed} train`) : []),
  ],
  head: (stain: string, embed = '{texture,vit}', seeds = '{0,1}') => [
    ...expand(`head ${stain}/{,turned/}${embed}/mlp seed ${seeds}`),
    ...expand(`head ${stain}/{,turned/}${embed}/logistic seed 0`),
  ],
  evaluation: (stain: string, embed = '{texture,vit}', heads = '{mlp,logistic}') =>
    expand(`evaluation ${stain}/{,turned/}${embed}/${heads}`),
  effect: (stain: string) => expand(`effect ${stain} on structure and colour`),
  signature: (stain: string, embed = '{texture,vit}') => expand(`signature ${stain}/${embed} of centers`),
}
const both = '{none,macenko}'
const comparisons = ['compare train and val', 'compare train and test', 'compare val and test']
const comparisonsOf = (split: string) => comparisons.filter((what) => what.includes(split))
// All that follows from embeddings.
const judged = (stain: string, embed?: string) => [
  ...every.head(stain, embed),
  ...every.evaluation(stain, embed),
]
// All that follows from a fit.
const stained = (stain: string) => [
  ...every.embed(stain),
  ...judged(stain),
  ...every.effect(stain),
  ...every.signature(stain),
]
const sorted = (names: Iterable<string>) => [...names].sort()

describe('what a study consists of', () => {
  it('is every task by its name', async () => {
    expect(sorted((await readKeys()).keys())).toEqual(
      sorted([
        ...expand(`{hash,filter} ${everySplit}`),
        ...comparisons,
        ...expand(`fit ${both}`),
        ...expand(`groups macenko groups of ${everySplit}`),
        ...stained(both),
      ]),
    )
  }, 60_000)
})

describe('what a change makes anew', () => {
  let before: Map<string, string>
  beforeAll(async () => {
    before = await readKeys()
  }, 60_000)

  // The tasks that are there after a change and were not before.
  async function changedBy(options?: Options): Promise<string[]> {
    const known = new Set(before.values())
    const after = [...(await readKeys(options))]
    return after.flatMap(([name, key]) => (known.has(key) ? [] : [name])).sort()
  }

  const ofPixels = (split: string) => [
    ...expand(`{hash,filter} ${split}`),
    ...comparisonsOf(split),
    `groups macenko groups of ${split}`,
    ...every.embed(both, undefined, split),
    ...judged(both),
  ]
  // Where labels lie in the file of the patches, these are hashed again, and found to be the same.
  const data: [string, Split, (patches: Patch[]) => void, string[]][] = [
    ['one label of train', 'train', turnLabel, ['hash train', ...judged(both), ...every.signature(both)]],
    ['one label of val', 'val', turnLabel, ['hash val', ...judged(both), ...every.signature(both)]],
    ['one label of test', 'test', turnLabel, ['hash test', ...every.evaluation(both)]],
    [
      'one value of one pixel of train',
      'train',
      (patches) => {
        patches[5].data[7] ^= 1
      },
      [
        ...expand('{hash,filter} train'),
        ...comparisonsOf('train'),
        'fit macenko',
        'groups macenko groups of train',
        ...every.embed('none', undefined, 'train'),
        ...judged('none'),
        ...every.effect('none'),
        ...every.signature('none'),
        ...stained('macenko'),
      ],
    ],
    [
      'one value of one pixel of val',
      'val',
      (patches) => {
        patches[5].data[7] ^= 1
      },
      [...ofPixels('val'), ...every.effect(both), ...every.signature(both)],
    ],
    [
      'one value of one pixel of test',
      'test',
      (patches) => {
        patches[5].data[7] ^= 1
      },
      ofPixels('test'),
    ],
  ]
  it.each(data)(
    '%s',
    async (_, split, change, expected) => {
      await writeSplit(split, change)
      const changed = await changedBy()
      await writeSplit(split)
      expect(changed).toEqual(sorted(expected))
      expect(await changedBy()).toEqual([])
    },
    60_000,
  )

  const options: [string, Options, string[]][] = [
    [
      'an option of macenko',
      { stain: '{ method: macenko, label: macenko, alpha: 2 }' },
      ['fit macenko', ...expand(`groups macenko groups of ${everySplit}`), ...stained('macenko')],
    ],
    [
      'an option of a head',
      { head: 'epochs: 3' },
      [
        ...expand(`head ${both}/{,turned/}{texture,vit}/mlp seed {0,1}`),
        ...every.evaluation(both, undefined, 'mlp'),
      ],
    ],
    [
      // Embeddings are of whole splits: where the fit stays, as that of none, they do too.
      'an option of the filter',
      { top: 'quality: { white: { share: 0.9 } }' },
      [
        ...expand(`filter ${everySplit}`),
        'fit macenko',
        ...expand(`groups macenko groups of ${everySplit}`),
        ...judged('none'),
        ...every.effect('none'),
        ...every.signature('none'),
        ...stained('macenko'),
      ],
    ],
    [
      'more seeds',
      { top: 'quality: {}\nseeds: 3' },
      [
        ...expand(`head ${both}/{,turned/}{texture,vit}/mlp seed 2`),
        ...every.evaluation(both, undefined, 'mlp'),
      ],
    ],
    ['fewer seeds', { top: 'quality: {}\nseeds: 1' }, every.evaluation(both, undefined, 'mlp')],
    ['the threshold', { top: 'quality: {}\nevaluate: { threshold: 0.4 }' }, every.evaluation(both)],
    ['whether normalised patches are kept', { top: 'quality: {}\nkeepStained: false' }, []],
  ]
  it.each(options)(
    '%s',
    async (_, changed, expected) => {
      expect(await changedBy(changed)).toEqual(sorted(expected))
    },
    60_000,
  )

  it('another seed', async () => {
    // It draws the reference of macenko and views; heads of seed 1 on what it does not draw were there.
    expect(await changedBy({ top: 'quality: {}\nseed: 1' })).toEqual(
      sorted([
        'fit macenko',
        ...every.embed('macenko'),
        ...every.effect('macenko'),
        ...expand('embed none/turned/{texture,vit} train'),
        ...expand('head none/{texture,vit}/mlp seed 2'),
        ...expand('head none/turned/{texture,vit}/{mlp seed 1,mlp seed 2,logistic seed 1}'),
        ...expand('head macenko/{,turned/}{texture,vit}/{mlp seed 1,mlp seed 2,logistic seed 1}'),
        ...every.evaluation(both),
        ...every.signature(both),
      ]),
    )
  }, 60_000)

  it('another version of the engine', async () => {
    engine = 'onnxruntime 1.31.0 cpu'
    const changed = await changedBy()
    engine = 'onnxruntime 1.30.0 cpu'
    expect(changed).toEqual(
      sorted([...every.embed(both, 'vit'), ...judged(both), ...every.signature(both, 'vit')]),
    )
  }, 60_000)

  it('the weights of an extractor, in one bit', async () => {
    const weights = readFileSync(tinyWeights)
    weights[weights.length - 4] ^= 1
    writeFileSync(at('weights.safetensors'), weights)
    const changed = await changedBy()
    copyFileSync(tinyWeights, at('weights.safetensors'))
    expect(changed).toEqual(
      sorted([...every.embed(both, 'vit'), ...judged(both, 'vit'), ...every.signature(both, 'vit')]),
    )
  }, 60_000)
})

describe('a run after a label of train has changed', () => {
  it('does what the plan says is due, and finds the rest', async () => {
    const recipe = writeRecipe({ augment: 'none', embed: 'texture' })
    const place = ['--out', at('runs'), '--device', 'cpu', '--jobs', '2']
    expect(await runCli(['study', 'run', recipe, ...place])).toMatchObject({ code: 0 })
    await writeSplit('train', turnLabel)
    const planned = JSON.parse(
      (await runCli(['study', 'plan', recipe, ...place, '--json'])).stdout,
    ) as StudyPlan
    const { code, stderr } = await runCli(['study', 'run', recipe, ...place])
    await writeSplit('train')
    expect(code, stderr).toBe(0)
    const told = [...stderr.matchAll(/^✓ (\w+) +(.*?) {2,}(cached)?/gm)].filter(
      ([, stage]) => stage !== 'report',
    )
    const names = (steps: StudyPlan['steps']) => sorted(steps.map(({ stage, what }) => `${stage} ${what}`))
    expect(sorted(told.map(([, stage, what]) => `${stage} ${what}`))).toEqual(names(planned.steps))
    const made = told.flatMap(([, stage, what, cached]) => (cached ? [] : [`${stage} ${what}`]))
    expect(made.length).toBeGreaterThan(10)
    expect(sorted(made)).toEqual(names(planned.steps.filter(({ due }) => due)))
  }, 240_000)
})
