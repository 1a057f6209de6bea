import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Pixels, pixelsAt } from '../../../src/base/index.ts'
import { writeFileAtomic } from '../../../src/files/index.ts'
import { writeSafetensors } from '../../../src/formats/index.ts'
import { input } from '../../../src/graph/index.ts'
import type { GanOptions } from '../../../src/stain/gan/ganOptions.ts'
import { buildGan, type GanFit, readGenerator } from '../../../src/stain/gan/index.ts'
import {
  type StainDomain,
  type StainDomains,
  type StainMatrix,
  stainMethods,
  type TrainingPlace,
} from '../../../src/stain/index.ts'
import { initParams, linearDecayRate, pickPart } from '../../../src/train/index.ts'
import { spyThreads } from '../../engine/spyThreads.ts'
import { drawTissue, joinPatches, trueStains } from '../pictures.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-gan-methods-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const pink: StainMatrix = [
  [0.45, 0.8, 0.4],
  [0.35, 0.85, 0.38],
]
const blue: StainMatrix = [
  [0.75, 0.6, 0.28],
  [0.3, 0.9, 0.32],
]

function drawDomain(name: string, seed: number, stains: StainMatrix, count = 4): StainDomain {
  const patches = Array.from({ length: count }, (_, i) => drawTissue(seed + i, 32, 0.8, stains))
  const read = async (rows: ArrayLike<number>) => joinPatches(Array.from(rows, (row) => patches[row]))
  return { name, count, height: 32, width: 32, read }
}

const domains: StainDomains = {
  sources: [drawDomain('0', 10, trueStains), drawDomain('3', 20, pink)],
  target: drawDomain('4', 30, blue),
}

const tiny = {
  generator: { form: 'resnet', width: 2, blocks: 1, downs: 2 },
  discriminator: { width: 2, layers: 1, spectral: false },
  side: 16,
  epochs: 1,
  decay: 1,
  images: 3,
  scored: 4,
  previews: 2,
  pool: 2,
} as const
const cyclegan = { ...stainMethods.cyclegan.defaults, ...tiny }
const multistain = { ...stainMethods.multistain.defaults, ...tiny }

function placeAt(name: string, more: Partial<TrainingPlace> = {}): TrainingPlace {
  const root = join(folder, name)
  return {
    folder: join(root, 'training'),
    checkpoints: join(root, 'checkpoints'),
    seed: 1,
    provider: 'cpu',
    threads: 1,
    ...more,
  }
}

// Every file below a folder as base64, by its path.
function readAll(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: true })
  return Object.fromEntries(
    files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
      .map((path) => [path.slice(root.length), readFileSync(path, 'base64')]),
  )
}

const read = async (domain: StainDomain, row: number) => pixelsAt(await domain.read([row]), 0)

let whole: GanFit
beforeAll(async () => {
  whole = await stainMethods.cyclegan.train!(domains, cyclegan, placeAt('whole'))
}, 120_000)

describe('cyclegan', () => {
  it('trains a generator a source and leaves curves, events and previews of each', async () => {
    const fit = whole
    expect(fit).toMatchObject({ target: '4', seen: ['0', '3', '4'], side: 16 })
    expect(fit.models.map(({ source, epochs, ending }) => [source, epochs, ending])).toEqual([
      ['0', 2, 'all epochs done'],
      ['3', 2, 'all epochs done'],
    ])
    expect(Object.keys(fit.networks)).toEqual(['0', '3'])
    const training = join(folder, 'whole', 'training', '0')
    expect(readdirSync(training).sort()).toEqual(['events.out.tfevents.0.eosin', 'losses.jsonl', 'previews'])
    expect(readdirSync(join(training, 'previews'))).toEqual(['epoch-0001.png', 'epoch-0002.png'])
    const lines = readFileSync(join(training, 'losses.jsonl'), 'utf8').trim().split('\n')
    const [first] = lines.map((line) => JSON.parse(line))
    expect(Object.keys(first.validation)).toEqual(['loss', 'stain', 'structure', 'hematoxylin', 'inverted'])
    expect(fit.models[0].scores).toEqual(JSON.parse(lines[fit.models[0].bestEpoch! - 1]).validation)
  })

  it('stopped at any epoch of any source and started again leaves the same bytes', async () => {
    for (const stopAt of [1, 3]) {
      const name = `stopped-${stopAt}`
      let epochs = 0
      const progress = () => {
        if (++epochs === stopAt) throw new Error('stopped')
      }
      const training = stainMethods.cyclegan.train!(domains, cyclegan, placeAt(name, { progress }))
      await expect(training).rejects.toThrow('stopped')
      const fit = await stainMethods.cyclegan.train!(domains, cyclegan, placeAt(name))
      expect(fit).toEqual(whole)
      expect(readAll(join(folder, name))).toEqual(readAll(join(folder, 'whole')))
    }
  }, 240_000)

  it('sends patches through the generator of their center, of the nearest where there is none', async () => {
    const fit = whole
    const batch = joinPatches([
      await read(domains.sources[0], 0),
      await read(domains.sources[1], 0),
      await read(domains.target, 0),
      drawTissue(90, 32, 0.8, pink),
      drawTissue(91, 32, 0, pink),
    ])
    const centers = ['0', '3', '4', '2', '2']
    const before = batch.data.slice()
    const result = await stainMethods.cyclegan.apply(batch, fit, cyclegan, { centers, provider: 'cpu' })
    expect(batch.data).toEqual(before)
    // A generator of two epochs may turn colours around; then the alarm is raised, which says it was used.
    const verdicts = result.verdicts.map((verdict, i) =>
      result.reasons[i]?.startsWith('inverted') ? 'used' : verdict,
    )
    expect([verdicts[2], verdicts[4]]).toEqual(['passthrough', 'passthrough'])
    expect(result.reasons[2]).toBe('of the target, center 4')
    expect(result.reasons[4]).toMatch(/too little tissue/)
    expect(pixelsAt(result.pixels, 2).data).toEqual(pixelsAt(batch, 2).data)
    expect(['ok', 'used']).toContain(verdicts[0])
    expect(['fallback', 'used']).toContain(verdicts[3])
    if (verdicts[3] === 'fallback')
      expect(result.reasons[3]).toBe('no generator of center 2: that of 3, nearest in colour')
    const alone = await stainMethods.cyclegan.apply(pixelsAt(batch, 3), fit, cyclegan, { centers: ['2'] })
    expect(alone.pixels.data).toEqual(pixelsAt(result.pixels, 3).data)
  })

  it('trains, distils and applies on the threads that it is given', async () => {
    const opened = spyThreads()
    const options = { ...cyclegan, distill: 4 }
    const place = placeAt('threads', { threads: 1 })
    const teacher = await stainMethods.cyclegan.train!(domains, options, place)
    const fit = await stainMethods.cyclegan.distill!(teacher, domains, options, place)
    const made = opened.length
    const context = { centers: ['0'], provider: 'cpu', threads: 1 } as const
    const batch = await read(domains.sources[0], 0)
    await stainMethods.cyclegan.apply(batch, fit, options, context)
    await stainMethods.cyclegan.apply(batch, teacher, cyclegan, { ...context, centers: ['3'] })
    expect(made).toBeGreaterThan(10)
    expect(opened.length).toBeGreaterThan(made)
    expect(new Set(opened)).toEqual(new Set([1]))
    vi.restoreAllMocks()
  }, 120_000)

  it('names an empty domain, sides that do not fit, and a target without sources', async () => {
    const train = stainMethods.cyclegan.train!
    const empty = { ...domains.target, count: 0 }
    await expect(train({ ...domains, target: empty }, cyclegan, placeAt('a'))).rejects.toThrow(
      /^4: .*got none/,
    )
    await expect(train({ ...domains, sources: [] }, cyclegan, placeAt('b'))).rejects.toThrow(
      /a source center beside the target 4/,
    )
    const unet = { ...cyclegan, generator: { ...tiny.generator, form: 'unet', downs: 3 }, side: 20 } as const
    await expect(train(domains, unet, placeAt('c'))).rejects.toThrow(
      /a multiple of 8 up to the patches' 32, got 20; 8, 16, 24, 32 fit/,
    )
    const deep = { ...unet, generator: { ...unet.generator, downs: 8 }, side: null }
    await expect(train(domains, deep, placeAt('d'))).rejects.toThrow(/a multiple of 256.*fewer downs/)
  })

  it('that diverges ends with the last good epoch and says so, from the first epoch on with an error', async () => {
    const wild = { ...cyclegan, learningRate: 1e25, gan: 'wgangp', epochs: 4, identity: 0 } as const
    const training = stainMethods.cyclegan.train!(domains, wild, placeAt('wild'))
    await expect(training).rejects.toThrow(/training, epoch 1: expected a finite/)
    // The second epoch's images are damaged: their losses are not finite.
    const [source] = domains.sources
    let reads = 0
    const damaged: StainDomain = {
      ...source,
      async read(rows) {
        const batch = await source.read(rows)
        // 3 images an epoch, and what is read to score them
        return rows.length === 1 && ++reads > 5 ? { ...batch, data: notNumbers(batch) } : batch
      },
    }
    const messages: string[] = []
    const fit = await stainMethods.cyclegan.train!(
      { ...domains, sources: [damaged] },
      cyclegan,
      placeAt('damaged', { progress: (_done, _total, note) => messages.push(note ?? '') }),
    )
    expect(fit.models[0]).toMatchObject({
      epochs: 1,
      bestEpoch: 1,
      ending: expect.stringMatching(/^diverged/),
    })
    expect(messages.filter((message) => message.includes('diverged'))).toHaveLength(1)
    expect(Object.values(fit.networks[0]).every(({ data }) => data.every(Number.isFinite))).toBe(true)
  }, 120_000)
})

// Bytes that become NaN on the way to a tensor.
function notNumbers({ data }: Pixels): Uint8Array {
  return new Array(data.length).fill(Number.NaN) as unknown as Uint8Array
}

describe('multistain', () => {
  it.each(['paper', 'reference'] as const)('in mode %s has one generator for any center', async (mode) => {
    const options = { ...multistain, mode }
    const fit = await stainMethods.multistain.train!(domains, options, placeAt(`multi-${mode}`))
    expect(fit.models.map(({ source }) => source)).toEqual(['all'])
    const batch = joinPatches([await read(domains.target, 0), drawTissue(91, 32, 0.5, pink)])
    const { verdicts, reasons } = await stainMethods.multistain.apply(batch, fit, options, {
      centers: ['4', '9'],
    })
    expect(verdicts.every((verdict, i) => verdict === 'ok' || reasons[i]!.startsWith('inverted'))).toBe(true)
  })
})

describe('the presets of the rebuilt study', () => {
  const preset = (method: 'cyclegan' | 'multistain', name: string) => {
    const { defaults, presets } = stainMethods[method]
    return { ...defaults, ...presets![name] } as GanOptions
  }

  it('as its text says: both published methods, ten epochs in batches of 64', () => {
    for (const method of ['cyclegan', 'multistain'] as const) {
      const { epochs, decay, ...options } = preset(method, 'paper')
      expect(epochs + decay).toBe(10)
      expect(options).toMatchObject({ batch: 64, sources: ['train', 'val'], patience: null, dropout: 0 })
      expect(options.input).toBe(method === 'cyclegan' ? 'rgb' : 'gray')
    }
    const { view } = buildGan(preset('multistain', 'paper'))
    expect(view.drawShape).toEqual([3, 5])
    expect(view.showInUse(input('x', [1, 3, 4, 4])).op).not.toBe('input')
  })

  it('as its code did: one gray-input model for both, no jitter, colours in use, dropout, the test center as target', () => {
    const [one, all] = (['cyclegan', 'multistain'] as const).map((method) => preset(method, 'paper-code'))
    expect({ ...one, target: 'untouched' }).toEqual(all)
    expect(all.discriminator).toEqual({ width: 64, layers: 3, spectral: false })
    expect(stainMethods.cyclegan.references!['paper-code']).toEqual({ split: 'test' })
    expect(stainMethods.multistain.references!['paper-code']).toEqual({ split: 'test' })
    const { view, generator } = buildGan(all)
    expect(view.drawShape).toEqual([])
    expect(view.showInUse(input('x', [1, 3, 4, 4])).op).toBe('input')
    expect(view.show(input('x', [1, 3, 4, 4]), undefined).op).not.toBe('input')
    expect(Object.keys(generator.params)).toContain('model.10.conv_block.6.weight')
  })

  it('as its code did: the rate falls before each epoch, the last one trains with 0, and the last is kept', async () => {
    const code = preset('cyclegan', 'paper-code')
    const { rate } = linearDecayRate(code.epochs, code.decay, code.rateFalls)
    const history = Array.from({ length: 10 }, (_, i) => ({
      epoch: i + 1,
      learningRate: 1,
      training: {},
      validation: { loss: 0 },
    }))
    expect(history.map((_, i) => rate(history.slice(0, i), 1))).toEqual([
      1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0,
    ])
    const options = { ...code, ...tiny, epochs: 1, decay: 2, batch: 2 }
    const fit = await stainMethods.cyclegan.train!(domains, options, placeAt('paper-code'))
    expect(fit.models.map(({ epochs, bestEpoch }) => [epochs, bestEpoch])).toEqual([
      [3, 3],
      [3, 3],
    ])
    const lines = readFileSync(join(folder, 'paper-code/training/0/losses.jsonl'), 'utf8').trim().split('\n')
    expect(
      lines.map((line) => Math.round(300 * (JSON.parse(line).learningRate / code.learningRate))),
    ).toEqual([200, 100, 0])
  }, 60_000)

  it('leave patches of the target as they are, and patches that turned light as they came, only where asked for', async () => {
    const options = { ...multistain, target: 'untouched', guard: false, moments: 'patch' } as const
    const fit = await stainMethods.multistain.train!(domains, options, placeAt('untouched'))
    const batch = joinPatches([await read(domains.target, 0), await read(domains.sources[0], 0)])
    const apply = (more: Partial<typeof multistain>) =>
      stainMethods.multistain.apply(batch, fit, { ...options, ...more }, { centers: ['4', '0'] })
    const kept = await apply({})
    expect(kept.verdicts).toEqual(['passthrough', 'ok'])
    expect(pixelsAt(kept.pixels, 0).data).toEqual(pixelsAt(batch, 0).data)
    expect((await apply({ target: 'translated' })).verdicts).toEqual(['ok', 'ok'])
  })
})

describe('distilled', () => {
  it.each([
    'cyclegan',
    'multistain',
  ] as const)('%s has a colour map a center and says how far it is off', async (name) => {
    const weights = join(folder, 'G_A-teacher.safetensors')
    const network = pickPart(initParams(buildGan(cyclegan).params, 7), 'G_A')
    await writeFileAtomic(weights, writeSafetensors(network))
    const method = stainMethods[name] as typeof stainMethods.cyclegan
    const options = { ...(name === 'cyclegan' ? cyclegan : multistain), weights, distill: 8 }
    const place = placeAt(`distilled-${name}`)
    const teacher = await method.train!(domains, options, place)
    expect(teacher).not.toHaveProperty('disagreement')
    const fit = await method.distill!(teacher, domains, options, place)
    const centers = name === 'cyclegan' ? ['0', '3'] : ['0', '3', '4']
    expect(Object.keys(fit.networks)).toEqual(centers)
    expect(Object.keys(fit.disagreement!)).toEqual(centers)
    expect(Object.values(fit.disagreement!).every(Number.isFinite)).toBe(true)
    const batch = joinPatches([await read(domains.sources[0], 0), drawTissue(91, 32, 0, pink)])
    const { verdicts } = await method.apply(batch, fit, options, { centers: ['0', '9'] })
    expect(['ok', 'rejected']).toContain(verdicts[0])
    expect(verdicts[1]).toBe('passthrough')
  }, 60_000)
})

describe('a checkpoint in place of training', () => {
  const { params } = buildGan(cyclegan)
  const network = pickPart(initParams(params, 7), 'G_A')
  const path = join(folder, 'G_A.safetensors')

  it('is read under the names of the reference, whatever stands before them', async () => {
    const named = Object.entries(network).map(([name, array]) => [`module.${name}`, array])
    const statistics = { 'module.model.2.running_mean': network['model.1.bias'] }
    await writeFileAtomic(path, writeSafetensors({ ...Object.fromEntries(named), ...statistics }))
    const fit = await stainMethods.cyclegan.train!(domains, { ...cyclegan, weights: path }, placeAt('loaded'))
    expect(fit.networks['3']).toMatchObject(network)
    expect(Object.keys(fit.networks['3'])).toContain('model.2.running_mean') // measured on the sources
    expect(fit.models[0]).toMatchObject({ from: path, epochs: null, scores: null })
    expect(fit.seen).toEqual([])
    expect(existsSync(placeAt('loaded').checkpoints)).toBe(false)
  })

  it('as the reference saves it (.pth) gives the same network', async () => {
    const loaded = await readGenerator('fixtures/torch/latest_net_G_A.pth', cyclegan)
    expect(Object.keys(loaded)).toEqual(Object.keys(network))
    // What torch.load gives.
    expect([...loaded['model.18.bias'].data]).toEqual([
      0.15474557876586914, -0.04605245217680931, 0.17284591495990753,
    ])
  })

  it('of another configuration is refused by what does not fit', async () => {
    const wide = { ...cyclegan, generator: { ...tiny.generator, width: 4 } }
    await expect(readGenerator(path, wide)).rejects.toThrow(
      /model\.1\.weight: expected \[4,3,7,7\] \(generator: resnet, width 4, blocks 1\), got \[2,3,7,7\]; is it/,
    )
    const more = { ...cyclegan, generator: { ...tiny.generator, blocks: 2 } }
    await expect(readGenerator(path, more)).rejects.toThrow(/another configuration/)
    const options = { ...cyclegan, weights: { 0: path } }
    await expect(stainMethods.cyclegan.train!(domains, options, placeAt('e'))).rejects.toThrow(
      /expected a checkpoint for source 3, got 0/,
    )
  })
})

it('a fit of a learned method cannot be had from a reference alone', async () => {
  const fit = stainMethods.cyclegan.fit((async function* () {})(), cyclegan)
  await expect(fit).rejects.toThrow(/train it with eosin stain train/)
})
