import { describe, expect, it } from 'vitest'
import { parseRecipe, printRecipe } from '../../src/study/index.ts'

const minimal = `name: a
data:
  train: { path: t.h5 }
  val: { path: v.h5 }
stain: [none]
embed: [texture]
classify: [mlp]
`
const parse = (text: string, overrides = {}) =>
  parseRecipe(text, { where: 'r.yaml', folder: '/data', overrides })

describe('a recipe', () => {
  it('is completed with defaults, and its paths are taken from its own folder', () => {
    const recipe = parse(minimal)
    expect(recipe.data.train.path).toBe('/data/t.h5')
    expect(recipe.seeds).toEqual([0, 1, 2])
    expect(recipe.quality).not.toBeNull()
    expect(recipe.evaluate).toEqual({ threshold: 0.5, resamples: 1000 })
    expect(Object.keys(recipe.classify[0].options).length).toBeGreaterThan(5)
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

  it('prints itself with every default, and what is printed says the same', () => {
    expect(printRecipe(parse(minimal))).toContain('threshold: 0.5')
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
    ['an unknown key', `${minimal}stian: [none]\n`, 'stian'],
    ['an unknown format', minimal.replace('t.h5', 't.h5, format: hdf'), "got 'hdf'"],
    ['a missing split', minimal.replace('  val: { path: v.h5 }\n', ''), 'data.val'],
    ['an empty axis', minimal.replace('[none]', '[]'), 'stain'],
    ['two entries of one label', minimal.replace('[none]', '[none, none]'), "'none' twice"],
    ['a name that is no folder', minimal.replace('name: a', 'name: ../a'), 'letters, digits'],
    [
      'a stain reference on the test split',
      minimal.replace('[none]', '[{ method: macenko, reference: { split: test } }]'),
      'stain.0',
    ],
    ['broken YAML', `${minimal}  x: [`, 'mend the YAML'],
    ['an empty file', '', 'expected'],
  ])('is refused with one clear line on %s', (_, text, said) => {
    const attempt = () => parse(text)
    expect(attempt).toThrow(said)
    expect(attempt).toThrow('r.yaml')
  })
})
