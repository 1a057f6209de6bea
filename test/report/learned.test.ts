// What the report shows of learned stains: their figure, center by center, and the table of their trainings.

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRunFolder, renderReport, writeReport } from '../../src/report/index.ts'
import type { Gallery, LearnedStain } from '../../src/runs/index.ts'
import { inventRun, type SampleRun, writeSampleRun } from './sampleRun.ts'

const stains = ['none', 'cyclegan', 'multistain']
const sample = inventRun({ stains, embeds: ['texture'], heads: ['mlp'], learned: stains.slice(1) })

let root: string
let full: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'eosin-report-learned-'))
  await writeSampleRun(join(root, 'full'), sample)
  full = await readFile(await writeReport(join(root, 'full')), 'utf8')
}, 60_000)
afterAll(() => rm(root, { recursive: true, force: true }))

const render = (run: SampleRun) =>
  renderReport({ ...run, cache: null, hasSubmission: true, images: new Map() })
const textOf = (markup: string) =>
  markup
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
const sectionOf = (page: string, id: string) =>
  page.match(new RegExp(`<section id="${id}".*?</section>`, 's'))?.[0] ?? ''
const blocksOf = (page: string) =>
  [...sectionOf(page, 'learned').matchAll(/<figure.*?<\/figure>/gs)].map(([block]) => block)
const titlesOf = (page: string) =>
  blocksOf(page).map((block) => textOf(block.match(/<h4>.*?<\/h4>/s)?.[0] ?? ''))

// The sample with other trainings, or other pictures of learned stains.
const retrain = (change: (learned: LearnedStain) => Partial<LearnedStain>): SampleRun => ({
  ...sample,
  learned: sample.learned.map((learned) => ({ ...learned, ...change(learned) })),
})
const repaint = (learned: Gallery['learned']): SampleRun => ({
  ...sample,
  gallery: { ...sample.gallery, learned },
})

describe('the figure of learned stains', () => {
  it('has a block a center, the target first, and says who was not seen in training', () => {
    expect(titlesOf(full)).toMatchSnapshot()
    expect(sectionOf(full, 'learned')).toContain('>SYNTHETIC</span>')
  })

  it('shows in each block the patches as read, then under every learned stain, each with a text', () => {
    const [target, ...others] = blocksOf(full)
    for (const block of others) {
      expect(block.match(/<img src="data:image\/png;base64,/g)).toHaveLength(9)
      expect(block.match(/<img [^>]*alt="[^"]+, after cyclegan: /g)).toHaveLength(3)
      expect(block.match(/<img [^>]*alt="[^"]+, after multistain: /g)).toHaveLength(3)
    }
    expect(target.match(/<img /g)).toHaveLength(3)
    expect(textOf(target)).toContain('cyclegan leaves its target as it is')
  })

  it('frames what its own generator did not make, with the reason in words', () => {
    const [, three, , one] = blocksOf(full)
    expect(three).not.toContain('framed')
    expect(textOf(three)).not.toContain('fallback')
    expect(one.match(/class="shot framed v-fallback"/g)).toHaveLength(6)
    expect(textOf(one)).toContain('3 fallback: no generator of center 1: that of 3, nearest in colour')
  })

  it('marks the test center as seen where a training was transductive', async () => {
    const all = await render(retrain(({ seen }) => ({ seen: [...seen, '2'], transductive: true })))
    expect(titlesOf(all).at(-1)).toBe('Center 2 test seen in training, without labels')
    const one = await render(
      retrain(({ seen, stain }) => ({ seen: stain === 'cyclegan' ? seen : [...seen, '2'] })),
    )
    expect(titlesOf(one).at(-1)).toBe('Center 2 test unseen in training by cyclegan')
  })

  it('calls nothing unseen where generators were read from checkpoints', async () => {
    const page = await render(retrain(() => ({ seen: [] })))
    expect(textOf(sectionOf(page, 'learned'))).not.toContain('seen')
  })

  it('names whose target a center is where there are several', async () => {
    const page = await render(retrain(({ stain }) => ({ target: stain === 'cyclegan' ? '0' : '3' })))
    expect(titlesOf(page).slice(0, 2)).toEqual([
      'Center 0 training target of cyclegan',
      'Center 3 training target of multistain',
    ])
    expect(blocksOf(page)[0].match(/class="shot framed v-passthrough"/g)).toHaveLength(3)
  })

  it('is not there in a run without learned stains, or older than its pictures', async () => {
    const folder = join(root, 'old')
    await writeSampleRun(folder, sample)
    const { learned: _, ...older } = sample.gallery
    await writeFile(join(folder, 'gallery.json'), JSON.stringify(older))
    const page = await readFile(await writeReport(folder), 'utf8')
    expect(sectionOf(page, 'learned')).toBe('')
    expect(sectionOf(page, 'training')).not.toBe('')
    expect(sectionOf(page, 'stain')).not.toBe('')
    expect(sectionOf(await render(inventRun({ heads: ['mlp'] })), 'learned')).toBe('')
  })

  it('escapes what it takes from data', async () => {
    const evil = '"><script>alert(1)</script>&\''
    const page = await render(
      repaint(
        sample.gallery.learned!.map(({ original, methods }) => ({
          original: { ...original, id: evil, center: evil },
          methods: methods.map((method) => ({ ...method, stain: evil, verdict: evil })),
        })),
      ),
    )
    expect(textOf(sectionOf(page, 'learned'))).toContain('&lt;script&gt;alert(1)')
    expect(page).not.toMatch(/<script/i)
  })

  it('leaves out patches whose pictures are not at hand, and says so where none is', async () => {
    const data = await readRunFolder(join(root, 'full'))
    const some = new Map([...data.images].filter(([file]) => !/sample-.-2/.test(file)))
    const fewer = sectionOf(await renderReport({ ...data, images: some }), 'learned')
    expect(fewer).not.toContain('not in this file')
    expect(fewer.match(/<img /g)).toHaveLength(2 + 4 * 6)
    const none = sectionOf(await renderReport({ ...data, images: new Map() }), 'learned')
    expect(none).toContain('not in this file')
  })

  it('keeps the page under 5 MB', async () => {
    expect((await stat(join(root, 'full', 'report.html'))).size).toBeLessThan(5e6)
  })
})

describe('pictures that are too many for one file', () => {
  it('are left out of every center alike', async () => {
    const folder = join(root, 'large')
    await writeSampleRun(folder, sample)
    const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.alloc(80_000)])
    for (const { original, methods } of sample.gallery.learned!)
      for (const { file } of [original, ...methods]) await writeFile(join(folder, 'gallery', file), png)
    const page = await readFile(await writeReport(folder), 'utf8')
    const counts = blocksOf(page).map(
      (block) => block.match(/<img [^>]*alt="[^"]*, (?:train|val|test)"/g)?.length ?? 0,
    )
    expect(counts).toHaveLength(5)
    expect(Math.min(...counts)).toBeGreaterThan(0)
    expect(Math.min(...counts)).toBeLessThan(3)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    expect(page.length).toBeLessThan(5e6)
  })
})

describe('the table of trainings', () => {
  it('says how far colour maps are off, each center beside its generator', async () => {
    const page = await render(
      retrain(
        ({ stain, models }): Partial<LearnedStain> =>
          stain === 'cyclegan'
            ? { disagreement: { 3: 3.14, 4: 2.72 } }
            : { disagreement: { 0: 1, 3: 2, 4: 3 }, models: [{ ...models[0], source: 'all' }] },
      ),
    )
    const table = textOf(sectionOf(page, 'training').match(/<table.*?<\/table>/s)![0])
    expect(table).toMatch(/hematoxylin kept colour map off by ending cyclegan 3 .* 0\.950 3\.1 all epochs/)
    expect(table).toContain('0.950 2.7 all epochs')
    expect(table).toContain('0: 1.0 3: 2.0 4: 3.0')
    expect(table).toContain('mean absolute difference of the two on patches that the map was not fitted to')
  })

  it('does not speak of colour maps where none were distilled', () => {
    expect(sectionOf(full, 'training')).toContain('texture distance')
    expect(sectionOf(full, 'training')).not.toMatch(/colour map/i)
  })
})

describe('the curves of trainings', () => {
  it('are drawn for each score, with the kept epoch named, and left out where a run has none', async () => {
    const drawn = sectionOf(full, 'training')
    for (const title of ['Stain distance by epoch', 'Texture distance by epoch', 'Structure kept by epoch'])
      expect(drawn).toContain(title)
    expect(drawn).toMatch(/Kept: cyclegan 3 0\.31; cyclegan 4 0\.31/)
    expect(drawn).toContain('cyclegan 3 0.31; cyclegan 4 0.31; multistain')
    const distilled = retrain(({ stain }) => (stain === 'multistain' ? { disagreement: { 3: 1 } } : {}))
    expect(sectionOf(await render(distilled), 'training')).not.toContain('0.31; multistain') // cyclegan's own
    const older = retrain(({ models }) => ({ models: models.map((model) => ({ ...model, curve: null })) }))
    expect(sectionOf(await render(older), 'training')).not.toContain('by epoch')
  })
})
