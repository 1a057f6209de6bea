// The report's structure, its self-containedness, and that nothing of the data gets through as markup.

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError } from '../../src/base/index.ts'
import { readRunFolder, renderReport, writeReport } from '../../src/report/index.ts'
import { dataOf, inventRun, type SampleOptions, type SampleRun, textOf, writeSampleRun } from './sampleRun.ts'

const SMALL: SampleOptions = { stains: ['none', 'macenko'], embeds: ['texture'], heads: ['mlp', 'logistic'] }

let root: string
let full: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'eosin-report-'))
  const folder = join(root, 'full')
  await writeSampleRun(folder, inventRun(SMALL))
  await writeReport(folder)
  full = await readFile(join(folder, 'report.html'), 'utf8')
}, 60_000)
afterAll(() => rm(root, { recursive: true, force: true }))

const render = (run: SampleRun, gallery = false) =>
  renderReport({ ...dataOf(run), gallery: gallery ? run.gallery : null })
const headings = (page: string) =>
  [...page.matchAll(/<h([1-4])[^>]*>(.*?)<\/h\1>/gs)].map(
    ([, level, text]) => `${'#'.repeat(Number(level))} ${textOf(text)}`,
  )
const sectionOf = (page: string, id: string) =>
  page.match(new RegExp(`<section id="${id}".*?</section>`, 's'))?.[0] ?? ''
const bodyRows = (table: string) =>
  [...table.replace(/<thead.*?<\/thead>/gs, '').matchAll(/<tr.*?<\/tr>/gs)].map(([row]) => textOf(row))

describe('the report of a run', () => {
  it('has these headings', () => {
    expect(headings(full)).toMatchSnapshot()
  })

  it('lists every cell in the ablation table, best validation accuracy first, the chosen one marked', () => {
    const table = sectionOf(full, 'evaluate').match(/<table.*?<\/table>/s)![0]
    expect(bodyRows(table)).toMatchSnapshot()
    expect(table.match(/<tr class="chosen/g)).toHaveLength(1)
    expect(bodyRows(table)[0]).toContain('chosen')
  })

  it('says how sure the difference to a cell is that does better on the test set', async () => {
    const run = inventRun()
    const page = await render(run)
    expect(page).toMatch(
      /the difference is −?\d+\.\d points, 95\u202f% interval −?\d+\.\d to −?\d+\.\d, p = 0\.\d/,
    )
    const { differences: _, ...older } = run.metrics
    const before = await render({ ...run, metrics: older })
    expect(before).not.toContain('told apart')
    expect(before).toMatch(/points (less|more)/)
  })

  it('shows how near embeddings of lower precision are to single precision, and nothing where none are', async () => {
    const run = inventRun(SMALL)
    const agreement = {
      embeddings: 'macenko/small',
      embed: 'small',
      split: 'val',
      patches: 32,
      mean: 0.99871,
      min: 0.99654,
    } as const
    const page = await render({ ...run, metrics: { ...run.metrics, agreements: [agreement] } })
    expect(textOf(page)).toMatch(/Precision .*macenko\/small val 32 0\.99871 0\.99654/)
    expect(headings(await render(run))).not.toContain('### Precision')
  })

  it('says which embeddings are means over views, and nothing where none are', async () => {
    const run = inventRun(SMALL)
    const views = { ...run, manifest: { ...run.manifest, views: { 'texture-views': 8 } } }
    expect(textOf(await render(views))).toContain(
      'Mean over the flips and quarter turns of a patch, in training and in prediction alike: texture-views (8 views).',
    )
    expect(textOf(await render(run))).not.toContain('quarter turns')
  })

  it('says what a model was trained on', async () => {
    const embedOf = async (options: SampleOptions) =>
      textOf(sectionOf(await render(inventRun(options)), 'embed'))
    const text = await embedOf({ ...SMALL, embeds: ['texture', 'dinov2-small'] })
    expect(text).toContain('dinov2-small : Made-up dinov2-small, no licence. Made-up slides.')
    expect(await embedOf(SMALL)).not.toContain('trained on')
  })

  it('has every section that the navigation names, and no other', () => {
    const links = [...full.matchAll(/<li><a href="#([^"]+)"/g)].map((match) => match[1])
    const sections = [...full.matchAll(/<section id="([^"]+)"/g)].map((match) => match[1])
    expect(links).toEqual(sections)
    expect(sections).toEqual([
      'summary',
      'evaluate',
      'centers',
      'curves',
      'operating',
      'slides',
      'errors',
      'classify',
      'embed',
      'stain',
      'signature',
      'quality',
      'guards',
      'patches',
      'run',
    ])
  })

  it('gives every table a caption and every header cell a scope', () => {
    expect(full.match(/<caption/g)).toHaveLength(full.match(/<table/g)!.length)
    expect(full).not.toMatch(/<th(?![^>]*scope=)[ >]/)
  })

  it('gives every picture and every chart a text', () => {
    expect(full).not.toMatch(/<img(?![^>]*alt="[^"]+")/)
    expect(full.match(/<svg/g)!.length).toBeGreaterThan(8)
    expect(full).not.toMatch(/<svg(?![^>]*role="img" aria-label="[^"]+")/)
  })

  it('says in every section of figures that the patches are synthetic', () => {
    for (const id of [
      'summary',
      'evaluate',
      'centers',
      'curves',
      'operating',
      'slides',
      'errors',
      'classify',
      'embed',
      'stain',
      'quality',
      'guards',
      'patches',
    ]) {
      expect(textOf(sectionOf(full, id)), id).toContain('SYNTHETIC')
    }
  })

  it('refers to nothing outside itself and holds no script', () => {
    const skeleton = full.replace(/base64,[^"]*/g, 'base64,')
    expect(skeleton).not.toMatch(/(?:https?:)?\/\/[a-z]/i)
    expect(skeleton).not.toMatch(/<script|<iframe|<object|@import| on[a-z]+=/i)
    for (const [, target] of full.matchAll(/(?:src|href)="([^"]*)"/g))
      expect(target.slice(0, 60)).toMatch(/^(#|data:)/)
    for (const [, target] of full.matchAll(/url\(([^)]*)\)/g)) expect(target).toMatch(/^['"]?#/)
  })

  it('stays under 5 MB with its pictures', async () => {
    expect((await stat(join(root, 'full', 'report.html'))).size).toBeLessThan(5e6)
    expect(full.match(/src="data:image\/png;base64,/g)!.length).toBeGreaterThan(50)
  })

  it('comes out the same to the byte from the same folder', async () => {
    expect((await renderReport(await readRunFolder(join(root, 'full')))) === full).toBe(true)
  })
})

describe('text from data', () => {
  it('is escaped wherever it is shown, in tables, charts, pictures and the recipe', async () => {
    const evil = '"><script>alert(1)</script>&\''
    const plain = inventRun({ stains: [evil, 'none'], embeds: [evil], heads: ['mlp'], name: evil })
    const run: SampleRun = {
      ...plain,
      recipe: evil,
      manifest: {
        ...plain.manifest,
        versions: { [evil]: evil },
        splits: {
          ...plain.manifest.splits,
          train: {
            ...plain.manifest.splits.train!,
            source: evil,
            licence: evil,
            format: evil,
            fingerprint: evil,
            byCenter: { [evil]: { count: 4, positives: 2 } },
            rejectedByRule: { [evil]: 2 },
          },
        },
      },
      metrics: {
        ...plain.metrics,
        chosenBy: evil,
        verdicts: [{ stain: evil, split: 'train', byCenter: { [evil]: { [evil]: 3, ok: 1 } } }],
      },
      gallery: {
        samples: plain.gallery.samples.map((image) => ({ ...image, id: evil, center: evil })),
        rejected: plain.gallery.rejected.map((image) => ({ ...image, id: evil, rule: evil })),
        stains: plain.gallery.stains.map(({ original, methods }) => ({
          original: { ...original, id: evil },
          methods: methods.map((method) => ({ ...method, verdict: evil })),
        })),
        errors: plain.gallery.errors.map((image) => ({ ...image, id: evil, center: evil })),
      },
    }
    const page = await render(run, true)
    expect(page).toContain('&lt;script&gt;alert(1)')
    expect(page).not.toMatch(/<script/i)
    expect(page).not.toContain(evil)
  })

  it('cannot name a picture outside the gallery folder', async () => {
    const folder = join(root, 'outside')
    const run = inventRun(SMALL)
    const samples = [{ ...run.gallery.samples[0], file: '../secret.png' }]
    await writeSampleRun(folder, run, false)
    await writeFile(join(folder, 'secret.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]))
    await writeFile(
      join(folder, 'gallery.json'),
      JSON.stringify({ samples, rejected: [], stains: [], errors: [] }),
    )
    expect((await readRunFolder(folder)).images.size).toBe(0)
    expect(await renderReport(await readRunFolder(folder))).toContain('not in this file')
  })
})

describe('a run that lacks something', () => {
  it('says that test labels are withheld and shows no test figure', async () => {
    const page = await render(inventRun({ ...SMALL, testLabels: false }), true)
    expect(textOf(sectionOf(page, 'summary'))).toContain('labels withheld')
    expect(textOf(sectionOf(page, 'evaluate'))).toContain('Test labels are withheld.')
    expect(page).not.toContain('Test accuracy, %')
    expect(textOf(sectionOf(page, 'centers'))).not.toContain('NaN')
  })

  it('does not speak of a test set where there is none', async () => {
    const run = inventRun({ ...SMALL, testLabels: false })
    const { test: _, ...splits } = run.manifest.splits
    const page = textOf(
      (await render({ ...run, manifest: { ...run.manifest, splits } })).replace(/<style>.*?<\/style>/s, ''),
    )
    expect(page).not.toMatch(/withheld|not used before/)
  })

  it('leaves out the pictures where there is no gallery, and nothing else', async () => {
    const folder = join(root, 'bare')
    await writeSampleRun(folder, inventRun(SMALL), false)
    await rm(join(folder, 'timings.json'))
    await rm(join(folder, 'recipe.yaml'))
    const page = await readFile(await writeReport(folder), 'utf8')
    expect(page).not.toContain('<img')
    expect(sectionOf(page, 'errors')).toBe('')
    expect(bodyRows(sectionOf(page, 'evaluate').match(/<table.*?<\/table>/s)![0])).toHaveLength(4)
  })

  it('shows what was forecast beside what came of it, where something was done', async () => {
    const run = inventRun(SMALL)
    expect(await render(run)).not.toContain('forecast')
    const forecast = {
      tasks: 23,
      unknown: 0,
      jobs: 2,
      threads: 1,
      forecast: { seconds: 130, low: 110, high: 171, bytes: 3 * 2 ** 20, peakRssMb: 700 },
      outcome: { seconds: 151, bytes: 4 * 2 ** 20, peakRssMb: 650 },
    }
    const shown = textOf(sectionOf(await render({ ...run, forecast }), 'run')).replaceAll('\u202f', ' ')
    expect(shown).toContain('The 23 tasks that the last run found to do, 2 jobs at a time')
    expect(shown).toContain(
      'time 2 min 10 s (1 min 50 s to 2 min 51 s) 2 min 31 s disk 3 MB 4 MB memory 700 MB 650 MB',
    )
    expect(shown).not.toContain('Nothing was known')
    const vague = { ...forecast, unknown: 4, forecast: { ...forecast.forecast, low: 130, high: 130 } }
    const bound = textOf(sectionOf(await render({ ...run, forecast: vague }), 'run')).replaceAll(
      '\u202f',
      ' ',
    )
    expect(bound).toContain('Nothing was known of 4 of them: the forecast is of the others.')
    expect(bound).toContain('time 2 min 10 s 2 min 31 s')
  })

  it('shows no spread over seeds where there is one seed', async () => {
    const page = await render(inventRun({ ...SMALL, seeds: [5] }))
    expect(textOf(sectionOf(page, 'evaluate'))).not.toContain('±')
    expect(textOf(sectionOf(page, 'classify'))).toContain('1 seed')
  })

  it('shows a single cell without comparing it', async () => {
    const page = await render(inventRun({ stains: ['none'], embeds: ['texture'], heads: ['logistic'] }))
    expect(textOf(sectionOf(page, 'classify'))).toContain('there is no curve to show')
    expect(textOf(page)).toContain('The combination none / texture / logistic')
  })

  it('writes a dash for a figure that one class alone cannot have', async () => {
    const run = inventRun(SMALL)
    const [cell, ...rest] = run.metrics.cells
    const val = {
      ...cell.val,
      auroc: null,
      balancedAccuracy: null,
      auprc: null,
      roc: { falsePositiveRate: [], truePositiveRate: [] },
    }
    const cells = [{ ...cell, val }, ...rest]
    const page = await render({ ...run, metrics: { ...run.metrics, cells, chosen: cell.id } })
    expect(sectionOf(page, 'evaluate')).toContain('only one class is present')
    expect(textOf(page)).not.toMatch(/NaN|undefined/)
  })
})

describe('a damaged run folder', () => {
  it('is a DataError that names the file', async () => {
    const folder = join(root, 'damaged')
    await writeSampleRun(folder, inventRun(SMALL), false)
    await writeFile(join(folder, 'metrics.json'), '{"cells": [')
    await expect(writeReport(folder)).rejects.toThrow(DataError)
    await writeFile(join(folder, 'metrics.json'), '{"cells": [], "chosen": "a/b/c"}')
    await expect(writeReport(folder)).rejects.toThrow(
      /metrics\.json: expected cells, among them the chosen one/,
    )
    await rm(join(folder, 'manifest.json'))
    await expect(writeReport(folder)).rejects.toThrow(/manifest\.json/)
  })
})
