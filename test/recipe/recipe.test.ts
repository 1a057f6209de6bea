import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseRecipe, printRecipe, readRunData } from '../../src/recipe/index.ts'

const minimal = `name: a
data:
  train: { path: t.h5 }
  val: { path: v.h5 }
stain: [none]
embed: [texture]
classify: [mlp]
`
const withTest = minimal.replace('stain:', '  test: { path: e.h5 }\nstain:')
const parse = (text: string, overrides = {}) =>
  parseRecipe(text, { where: 'r.yaml', folder: '/data', overrides })

// Nine lists of nine, each of the one before: 9^9 values.
function explode(): string {
  const names = [...'abcdefghij']
  return names
    .map((name, i) => `${name}: &${name} [${Array(9).fill(i ? `*${names[i - 1]}` : 'x')}]\n`)
    .join('')
}

describe('a recipe', () => {
  it('is completed with defaults, and its paths are taken from its own folder', () => {
    const recipe = parse(minimal)
    expect(recipe.data.train.path).toBe('/data/t.h5')
    expect(recipe.seeds).toEqual([0, 1, 2])
    expect(recipe.quality).not.toBeNull()
    expect(recipe.evaluate).toEqual({ threshold: 0.5, temperature: 'none', abstain: 'none' })
    expect(Object.keys(recipe.classify[0].options).length).toBeGreaterThan(5)
  })

  it.each([
    '..',
    '.',
    '.cache',
    '-x',
    'a/b',
    'a\\b',
    'a ',
    'a.',
    'nul',
    'COM1.txt',
    'con',
    'a.work',
    'a.lease',
    'x'.repeat(101),
  ])('refuses the name %j of a run, as its own and from the caller', (name) => {
    const refused = /r\.yaml name: expected .+, got/
    expect(() => parse(minimal.replace('name: a', `name: ${JSON.stringify(name)}`))).toThrow(refused)
    expect(() => parse(minimal, { name })).toThrow(refused)
  })

  it.each(['a', '_', '2026-11-29', 'console', 'a..b', 'v1.2'])('takes the name %j', (name) => {
    expect(parse(minimal, { name }).name).toBe(name)
  })

  it('says how folders and tables are read, and knows one hospital by one name', () => {
    const keys =
      "columns: { label: target }, folders: part/label, labelNames: { stroma: 0 }, centers: [2.0, '03', 'utr']"
    const { train } = parse(minimal.replace('path: t.h5', `path: t.csv, ${keys}`)).data
    expect(train).toMatchObject({
      columns: { label: 'target' },
      folders: 'part/label',
      labelNames: { stroma: 0 },
      centers: ['2', '3', 'utr'],
    })
    const wrong = minimal.replace('path: t.h5', 'path: t.csv, labelNames: { stroma: 2 }')
    expect(() => parse(wrong)).toThrow('r.yaml data.train.labelNames.stroma: expected 0, or 1, got 2')
  })

  it('takes seeds from the command line over its own', () => {
    expect(parse(`${minimal}seed: 3\n`, { seed: 7, seeds: 2 }).seeds).toEqual([7, 8])
    expect(parse(`${minimal}seed: 3\n`).seeds).toEqual([3, 4, 5])
  })

  it('keeps options and references of a stain method', () => {
    const text = minimal.replace(
      '[none]',
      '[{ method: macenko, label: m0, reference: { center: 0, count: 8 } }]',
    )
    expect(parse(text).stain[0]).toMatchObject({
      label: 'm0',
      name: 'macenko',
      reference: { split: 'train', center: '0', count: 8 },
    })
  })

  it('fits stains on the test split only where it says so; a preset may have it for its reference', () => {
    const allowed = `transductive: true\n${withTest}`
    const code = '{ method: cyclegan, preset: paper-code }'
    const [learned] = parse(allowed.replace('[none]', `[${code}]`)).stain
    expect(learned.reference).toEqual({ split: 'test' })
    const [other] = parse(
      withTest.replace('[none]', `[${code.replace('}', ', reference: { center: 3 } }')}]`),
    ).stain
    expect(other.reference).toEqual({ split: 'train', center: '3' })
    const reference = 'reference: { split: test, center: 2 }'
    const [classical] = parse(allowed.replace('[none]', `[{ method: macenko, ${reference} }]`)).stain
    expect(classical.reference).toEqual({ split: 'test', center: '2', count: 64 })
    // A method that looks at no reference is fitted on nothing.
    expect(parse(withTest.replace('[none]', `[{ method: grayscale, ${reference} }]`)).transductive).toBe(
      false,
    )
  })

  it('needs a head on tokens for every trunk, and a trunk for every such head', () => {
    const trunk = '{ extractor: dinov2-small, trunk: 2, label: tuned }'
    const both = minimal.replace('[texture]', `[texture, ${trunk}]`)
    expect(parse(both.replace('[mlp]', '[mlp, finetune]')).classify).toHaveLength(2)
    expect(() => parse(both)).toThrow(/embed tuned: expected the head finetune/)
    expect(() => parse(minimal.replace('[mlp]', '[mlp, finetune]'))).toThrow(
      /classify finetune: expected an extractor with the option trunk, got texture/,
    )
    expect(() =>
      parse(minimal.replace('[texture]', `[${trunk}]`).replace('[mlp]', '[mlp, finetune]')),
    ).toThrow(/classify mlp: expected an extractor without trunk/)
  })

  it('finds its threshold on held-out labels, or by a share of tumour where it may look at the target', () => {
    const of = (evaluate: string, top = '') => parse(`${top}${withTest}evaluate: ${evaluate}\n`)
    expect(of('{ threshold: held-out, temperature: held-out }').evaluate).toEqual({
      threshold: 'held-out',
      temperature: 'held-out',
      abstain: 'none',
    })
    const share = '{ threshold: { share: 0.3 } }'
    expect(of(share, 'transductive: true\n').evaluate.threshold).toEqual({ share: 0.3 })
    expect(() => of(share)).toThrow(
      'evaluate.threshold.share: expected a threshold that does without the center it predicts, got one that uses its unlabelled patches; write transductive: true',
    )
    expect(() => of('{ threshold: { share: 1.5 } }')).toThrow(
      'evaluate.threshold.share: expected a number of less than 1, got 1.5',
    )
    expect(() => of('{ threshold: heldout }')).toThrow(
      'evaluate.threshold: expected a number, or held-out, or a group of keys, got "heldout"',
    )
    expect(() => of('{ temperature: center }')).toThrow(
      /evaluate.temperature: expected one of none, held-out/,
    )
    const text = `${withTest}evaluate: { threshold: held-out }\n`
    expect(printRecipe(parse(text), '/data')).toMatch(
      /evaluate:\n {2}threshold: held-out\n {2}temperature: none\n/,
    )
  })

  it('tells extractors with views by their label, and pairs them with heads on embeddings only', () => {
    const views = '{ extractor: texture, views: 8 }'
    const withViews = minimal.replace('[texture]', `[texture, ${views}]`)
    const { embed } = parse(withViews)
    expect(embed.map(({ label, options }) => [label, options])).toEqual([
      ['texture', { views: 1 }],
      ['texture-views', { views: 8 }],
    ])
    const tokens = '{ extractor: dinov2-small, trunk: 2, views: 8 }'
    const tuned = minimal.replace('[texture]', `[${tokens}]`).replace('[mlp]', '[finetune]')
    expect(() => parse(tuned)).toThrow(
      'embed dinov2-small-views views: expected 1 beside trunk, since the tokens of a turned patch are in other places, got 8; leave views or trunk out; for a head on tokens, augment with flips',
    )
    expect(() => parse(minimal.replace('[texture]', '[{ extractor: texture, views: 3 }]'))).toThrow(
      'embed texture.views: expected 1, or 8 for the mean over flips and quarter turns, got 3',
    )
  })

  it('refuses to flip training patches for extractors that average the flips', () => {
    const views = minimal.replace('[texture]', '[{ extractor: texture, views: 8 }]')
    expect(() => parse(`${views}augment: [{ flips: true }]\n`)).toThrow(
      'augment flips: expected more than flips, beside extractors with views: 8, got 4 views of a patch, all with the same embedding',
    )
    expect(parse(`${views}augment: [{ flips: true, rotation: 20 }]\n`).augment).toHaveLength(1)
    expect(parse(`${minimal}augment: [{ flips: true }]\n`).augment).toHaveLength(1)
  })

  it('prints itself with every default, and what is printed reads back as the same', () => {
    const written = [minimal, withTest.replace('none]', '{ method: macenko, reference: published }]')]
    const names = readdirSync('recipes').filter((name) => name.endsWith('.yaml'))
    const files = names.map((name) => readFileSync(join('recipes', name), 'utf8'))
    for (const text of [...written, ...files]) {
      const { text: _, ...recipe } = parse(text)
      const printed = printRecipe({ ...recipe, text }, '/data')
      expect(parse(printed)).toEqual({ ...recipe, text: printed })
    }
    expect(files.length).toBeGreaterThan(5)
    expect(printRecipe(parse(minimal), '/data')).toContain('threshold: 0.5')
  })

  it('prints paths as seen from the folder that it is printed for, and none of the machine', () => {
    const text = minimal
      .replace(
        '[texture]',
        '[{ extractor: onnx:models/own.onnx }, { extractor: dinov2-small, weights: w.pt }]',
      )
      .replace('[none]', '[{ method: cyclegan, weights: { 3: gan/3.pth } }]')
    const folder = '/data/runs/one'
    const printed = printRecipe(parse(text), folder)
    for (const path of ['../../t.h5', 'onnx:../../models/own.onnx', '../../w.pt', '../../gan/3.pth'])
      expect(printed).toContain(path)
    expect(printed).not.toContain('/data/')
    const again = parseRecipe(printed, { where: 'r.yaml', folder })
    expect({ ...again, text }).toEqual(parse(text))
  })

  it('is read from a run folder with paths that hold from anywhere', async () => {
    const run = mkdtempSync(join(tmpdir(), 'eosin-run-data-'))
    writeFileSync(join(run, 'recipe.yaml'), printRecipe(parse(withTest), run))
    expect(await readRunData(run)).toEqual(parse(withTest).data)
    writeFileSync(join(run, 'recipe.yaml'), withTest.replace('t.h5', '/elsewhere/t.h5')) // as runs had it before
    expect((await readRunData(run)).train.path).toBe('/elsewhere/t.h5')
    rmSync(run, { recursive: true })
  })

  it.each([
    ['an unknown stain method', minimal.replace('none', 'macenco'), "got 'macenco'; did you mean 'macenko'?"],
    ['an unknown head', minimal.replace('mlp', 'mpl'), "did you mean 'mlp'?"],
    ['an unknown extractor', minimal.replace('texture', 'dino'), 'expected one of texture'],
    [
      'an unknown option',
      minimal.replace('[mlp]', '[{ head: mlp, learningrate: 1 }]'),
      "did you mean 'learningRate'?",
    ],
    [
      'an option of the wrong type',
      minimal.replace('[mlp]', '[{ head: mlp, epochs: many }]'),
      'expected a whole number from 1 to 100000, got "many"',
    ],
    [
      'an unknown preset',
      minimal.replace('[mlp]', '[{ head: mlp, preset: papre }]'),
      "did you mean 'paper'?",
    ],
    ['an unknown key', `${minimal}stian: [none]\n`, 'r.yaml: expected one of name, seed, '],
    ['an unknown key that is near one', `${minimal}stains: [none]\n`, "got 'stains'; did you mean 'stain'?"],
    ['an unknown key of a split', minimal.replace('path: t', 'pth: t'), "is 'pth' meant for it?"],
    [
      'an unknown key beside the right ones',
      minimal.replace('t.h5', 't.h5, centres: [1]'),
      "r.yaml data.train: expected one of path, format, part, columns, folders, labelNames, centers, center, limit, origin, dataset, got 'centres'; did you mean 'centers'?",
    ],
    ['an unknown key of evaluate', `${minimal}evaluate: { treshold: 0.4 }\n`, "did you mean 'threshold'?"],
    [
      'an unknown key of a reference',
      minimal.replace('[none]', '[{ method: macenko, reference: { centre: 0 } }]'),
      "r.yaml stain.0.reference: expected one of split, center, ids, count, got 'centre'; did you mean 'center'?",
    ],
    [
      'a key of an entry that is nearly one',
      minimal.replace('[none]', '[{ method: macenko, refrence: { center: 0 } }]'),
      "did you mean 'reference'?",
    ],
    [
      'an entry without its method',
      minimal.replace('[none]', '[{ metod: macenko }]'),
      "is 'metod' meant for it?",
    ],
    ['an unknown option of quality', `${minimal}quality: { blak: null }\n`, "did you mean 'black'?"],
    [
      'an unknown option of a group',
      `${minimal}quality: { black: { ower: 3 } }\n`,
      "quality.black: expected one of count, over, got 'ower'; did you mean 'over'?",
    ],
    [
      'a word in place of a list',
      minimal.replace('[none]', 'none'),
      'stain: expected a list, got "none"; write stain: [none]',
    ],
    ['a path in place of a split', minimal.replace('{ path: t.h5 }', 't.h5'), 'write train: { path: t.h5 }'],
    ['another origin', minimal.replace('t.h5', 't.h5, origin: synthetc'), "did you mean 'synthetic'?"],
    [
      'too many seeds',
      `${minimal}seeds: 1000000000\n`,
      'seeds: expected a number of at most 100, got 1000000000',
    ],
    ['a threshold that is none', `${minimal}evaluate: { threshold: 1 }\n`, 'a number of less than 1, got 1'],
    ['absurd widths', minimal.replace('[mlp]', '[{ head: mlp, hidden: [1.0e9] }]'), 'got [1000000000]'],
    [
      'a label with a slash',
      minimal.replace('[none]', '[{ method: none, label: a/b }]'),
      "no slash, got 'a/b'",
    ],
    ['a list', '- a\n- b\n', 'expected a group of keys, got a list; a recipe begins with name:'],
    ['a word', 'recipe', 'expected a group of keys, got a text'],
    ['a key twice', `${minimal}name: b\n`, 'Map keys must be unique'],
    ['aliases that explode', explode(), 'aliases (*) that unfold to too much'],
    ['an alias that holds itself', `${minimal}quality: &a { black: *a }\n`, 'aliases (*)'],
    ['nesting without end', `${minimal}quality: ${'['.repeat(50_000)}`, 'nested too deeply'],
    ['a text of many megabytes', `${minimal}# ${'x'.repeat(2_000_000)}`, 'at most 1000000 characters'],
    ['an unknown format', minimal.replace('t.h5', 't.h5, format: hdf'), "got 'hdf'"],
    ['a missing split', minimal.replace('  val: { path: v.h5 }\n', ''), 'data.val'],
    ['an empty axis', minimal.replace('[none]', '[]'), 'stain'],
    ['two entries of one label', minimal.replace('[none]', '[none, none]'), "'none' twice"],
    ['a name that is no folder', minimal.replace('name: a', 'name: ../a'), 'letters, digits'],
    [
      'a stain reference on the test split',
      minimal.replace('[none]', '[{ method: macenko, reference: { split: test } }]'),
      'stain macenko: expected data.test',
    ],
    [
      'a source among the test patches',
      withTest.replace('[none]', '[{ method: multistain, sources: [train, test] }]'),
      'stain multistain: expected a reference and sources among train and val, got the test split; write transductive: true',
    ],
    [
      "the study's code as a preset, whose target is the test center",
      withTest.replace('[none]', '[{ method: cyclegan, preset: paper-code }]'),
      'stain cyclegan-paper-code: expected a reference and sources among train and val',
    ],
    ['broken YAML', `${minimal}  x: [`, 'mend the YAML'],
    ['an empty file', '', 'expected a recipe in YAML (docs/study.md), got an empty file'],
  ])('is refused with one clear line on %s', (_, text, said) => {
    const attempt = () => parse(text)
    expect(attempt).toThrow(said)
    expect(attempt).toThrow(/^r\.yaml[^\n]{0,1500}$/)
  })
})
