// Ids and the order of rows decide nothing: a study on renamed and shuffled patches, kept as another format, gives the same
// metrics, pictures and probabilities to the bit, whatever stain, augmentation, extractor and head.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashBytes } from '../../src/files/index.ts'
import { readCsv, readSafetensors } from '../../src/formats/index.ts'
import { openPatchSet } from '../../src/patches/index.ts'
import { readRecipe } from '../../src/recipe/index.ts'
import { openModel, runStudy } from '../../src/study/index.ts'
import { runCli } from '../cli/runCli.ts'
import { tinyCard, tinyWeights } from '../embed/tinyVit.ts'
import { namePatches, writeTwice } from './shuffledData.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-order-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ways = { plain: 'h5', shuffled: 'csv' } as const
type Way = keyof typeof ways
const names = {} as Record<Way, Record<string, Map<string, string>>>

beforeAll(async () => {
  await writeTwice(folder, { train: 72, val: 30, test: 30 }, 32)
  writeFileSync(at('tiny.json'), JSON.stringify(tinyCard))
  copyFileSync(tinyWeights, at('weights.safetensors'))
  for (const [way, type] of Object.entries(ways) as [Way, string][]) {
    names[way] = {}
    for (const split of ['train', 'val', 'test']) {
      names[way][split] = await namePatches(at(way, `${split}.${type}`))
    }
  }
}, 120_000)

const tinyGan =
  'generator: { width: 2, blocks: 1 }, discriminator: { width: 2, layers: 1, spectral: false }, side: 16, epochs: 1, decay: 0, images: 2, scored: 2, limit: 12, moments: patch'
const tinyVit = 'extractor: "vit:tiny.json", weights: weights.safetensors'

const studies: Readonly<Record<string, string>> = {
  stains: `
stain: [none, grayscale, luminosity, reinhard, ruifrok, { method: vahadane, reference: { count: 6 } },
  { method: macenko, reference: { split: val, count: 12 } }]
embed: [texture]
classify: [{ head: logistic, calibrate: temperature }]
evaluate: { threshold: held-out, temperature: held-out }`,
  heads: `
quality: none
transductive: true
evaluate: { threshold: { share: 0.4 } }
stain: [{ method: macenko, reference: { split: train, center: 0, count: 12 } }]
augment: [none, { stain: hed, views: 2 }, { stain: concentration, flips: true, rotation: 20, views: 2 },
  { stain: restain, views: 2 }]
embed: [texture]
classify: [{ head: mlp, epochs: 3, hidden: [16, 8] }, logistic, { head: knn, k: 5 },
  { head: knn, k: 6, weighting: uniform, metric: euclidean, label: near }]`,
  networks: `
stain: [none, { method: cyclegan, reference: { center: 0 }, ${tinyGan} },
  { method: multistain, reference: { center: 0 }, distill: 2, ${tinyGan} }]
augment: [none, { flips: true, views: 2 }]
embed: [{ ${tinyVit} }, { ${tinyVit}, precision: int8, label: rounded }, { ${tinyVit}, trunk: 1, label: tuned }]
classify: [{ head: mlp, epochs: 2, hidden: [8] }, { head: finetune, epochs: 2, batchSize: 8 }]`,
}

const quiet = { step: () => ({ progress: () => {}, end: () => {} }) }

async function study(name: string, way: Way): Promise<string> {
  const data = ['train', 'val', 'test'].map((split) => {
    const limit = split === 'test' ? '' : `, limit: ${split === 'train' ? 64 : 26}`
    return `  ${split}: { path: ${way}/${split}.${ways[way]}${limit}, origin: synthetic }`
  })
  const recipe = at(`${name}-${way}.yaml`)
  const text = `name: ${name}\nseeds: ${name === 'heads' ? 2 : 1}\ndata:\n${data.join('\n')}${studies[name]}\n`
  writeFileSync(recipe, text)
  const options = { out: at('runs', way), cache: at('cache'), device: 'cpu', threads: 1, observer: quiet }
  return (await runStudy(await readRecipe(recipe), options)).folder
}

const readJson = (run: string, file: string) => JSON.parse(readFileSync(join(run, file), 'utf8'))

// Rows of predictions, each patch by what it is in place of its id.
function readPredictions(run: string, way: Way): string[] {
  const { id, split, ...columns } = readCsv(readFileSync(join(run, 'predictions.csv'), 'utf8'), 'predictions')
  return id
    .map((name, row) => {
      const patch = names[way][split[row]].get(name)
      return JSON.stringify([split[row], patch, ...Object.values(columns).map((column) => column[row])])
    })
    .sort()
}

// Pictures by their bytes. A patch of equal pixels is listed with the row of another, which is no figure.
function readPictures(run: string) {
  const { rejected, ...shown } = readJson(run, 'gallery.json')
  const rejections = rejected.map(({ value, ...rest }: { rule: string; value: number }) =>
    ['contradiction', 'duplicate'].includes(rest.rule) ? rest : { ...rest, value },
  )
  const hash = (file: string) => hashBytes(readFileSync(join(run, 'gallery', file)))
  return JSON.parse(JSON.stringify({ ...shown, rejections }), (key, value) =>
    key === 'file' ? hash(value) : key === 'id' ? undefined : value,
  )
}

describe.each(Object.keys(studies))('a study of %s', (name) => {
  it('has the same metrics, probabilities and pictures on renamed and shuffled patches', async () => {
    const [plain, shuffled] = [await study(name, 'plain'), await study(name, 'shuffled')]
    const rows = readPredictions(plain, 'plain')
    expect(rows.length).toBeGreaterThan(45)
    expect(new Set(rows.map((row) => row.split(',').slice(2).join())).size).toBeGreaterThan(20)
    expect(readPredictions(shuffled, 'shuffled')).toEqual(rows)
    expect(readJson(shuffled, 'metrics.json')).toEqual(readJson(plain, 'metrics.json'))
    expect(readPictures(shuffled)).toEqual(readPictures(plain))
    expect(readJson(shuffled, 'model/model.json').fit).toEqual(readJson(plain, 'model/model.json').fit)
  }, 300_000)
})

describe('a model', () => {
  it('gives a patch the same probability whatever its name and whatever patches are beside it', async () => {
    const model = await openModel(at('runs/plain/heads'), { device: 'cpu' })
    const predict = async (way: Way) => {
      const set = await openPatchSet(at(way, `test.${ways[way]}`))
      const probabilities = await model.predict(set, () => {})
      await set.close()
      return set.ids.map((id, row) => `${names[way].test.get(id)} ${probabilities[row]}`).sort()
    }
    const expected = await predict('plain')
    expect(expected).toHaveLength(33)
    expect(await predict('shuffled')).toEqual(expected)
    await model.close()
  })
})

describe('eosin stain fit and eosin classify', () => {
  const run = async (...args: string[]) => expect(await runCli(args, folder)).toMatchObject({ code: 0 })

  it('fit the same stain', async () => {
    for (const [way, type] of Object.entries(ways)) {
      const options = ['--method', 'macenko', '--count', '10', '--center', '3', '--out', `${way}.json`]
      await run('stain', 'fit', `${way}/train.${type}`, ...options)
    }
    expect(readJson(folder, 'shuffled.json')).toEqual(readJson(folder, 'plain.json'))
  }, 60_000)

  it('train the same head', async () => {
    for (const [way, type] of Object.entries(ways)) {
      for (const split of ['train', 'val']) {
        await run('embed', `${way}/${split}.${type}`, '--extractor', 'texture', '--out', `${way}-${split}`)
      }
      const options = ['--head', 'mlp', '--set', 'epochs=3', '--out', `${way}-head`]
      await run('classify', '--train', `${way}-train`, '--val', `${way}-val`, ...options)
    }
    const read = (way: Way) => readSafetensors(readFileSync(at(`${way}-head`, 'head.safetensors')))
    expect(read('shuffled')).toEqual(read('plain'))
    const rows = (way: Way) => {
      const { id, probability } = readCsv(readFileSync(at(`${way}-head`, 'predictions.csv'), 'utf8'), way)
      return id.map((name, row) => `${names[way].val.get(name)} ${probability[row]}`).sort()
    }
    expect(rows('shuffled')).toEqual(rows('plain'))
  }, 120_000)
})
