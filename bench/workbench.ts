// The workbench's pages in Chromium, beside the same work under Node, each on one thread. `npm run build:web` first.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { joinPixels, type Pixels } from '../src/base/index.ts'
import { openPipeline } from '../src/export/index.ts'
import { encodePng } from '../src/files/index.ts'
import type { PatchSet } from '../src/patches/index.ts'
import { classicalMethods } from '../src/stain/browser.ts'
import { renderSyntheticPatch, syntheticDefaults } from '../src/synthetic/browser.ts'
import { launchChromium, serveFolder } from '../test/web/chromium.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { joinTimes } from './measure.ts'
import { writeRandomPipeline } from './randomPipeline.ts'

function render(size: number, index: number): Pixels {
  const { pixels } = renderSyntheticPatch({ ...syntheticDefaults, size, aberrantShare: 0 }, 'train', index)
  return { data: pixels, count: 1, height: size, width: size }
}

/** `workbench`: Macenko on a picture of 1024 pixels, and a pipeline of ViT-S/14 on 100 patches. */
export const workbench: BenchCase = {
  name: 'workbench',
  about:
    'the pages in Chromium against Node on one thread: Macenko on 1024 x 1024 pixels, a ViT-S/14 pipeline on patches',
  async *run({ repeats, quick }) {
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-web-'))
    const host = await serveFolder('dist/web', { isolated: false }) // one thread
    const browser = await launchChromium()
    const rounds = quick ? 1 : repeats
    try {
      const open = (hash: string) => openPage(browser, `${host.address}${hash}`)
      yield* compare('workbench-macenko-1024', 'pictures', 1, await timeMacenko(folder, open, rounds))
      const patches = quick ? 16 : 100
      yield* compare(
        'workbench-vits14',
        'patches',
        patches,
        await timePipeline(folder, open, rounds, patches),
      )
    } finally {
      await browser.close()
      await host.close()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

interface Times {
  readonly page: number[]
  readonly node: number[]
}
type Open = (hash: string) => Promise<Page>

async function openPage(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(address)
  await page.locator('h1').waitFor()
  return page
}

// Seconds of the method alone, as the page states them; the first round warms up both.
async function timeMacenko(folder: string, open: Open, rounds: number): Promise<Times> {
  const picture = render(1024, 0)
  const file = join(folder, 'large.png')
  await writeFile(file, await encodePng(picture))
  const page = await open('#/stain')
  await page.getByLabel('PNG or JPEG pictures').setInputFiles(file)
  const { macenko } = classicalMethods
  const fit = await macenko.fit((async function* () {})(), macenko.defaults)
  const times: Times = { page: [], node: [] }
  for (let round = -2; round < rounds; round++) {
    await page.getByLabel('alpha', { exact: true }).fill(`${1 + (round + 3) / 1000}`)
    await page.waitForTimeout(100)
    await page.locator('.pictures[aria-busy=false]').waitFor()
    const said = await page.locator('.large > p > .soft').innerText()
    const started = performance.now()
    await macenko.apply(picture, fit, macenko.defaults)
    const seconds = (performance.now() - started) / 1000
    if (round < 0) continue
    times.page.push(Number(/in (\d+) ms/.exec(said)![1]) / 1000)
    times.node.push(seconds)
  }
  await page.close()
  return times
}

async function timePipeline(folder: string, open: Open, rounds: number, count: number): Promise<Times> {
  const model = join(folder, 'vits14.onnx')
  await writeRandomPipeline(model, { extractor: 'dinov2-small', width: 384, stain: 'none', side: 96 })
  const patches = Array.from({ length: count }, (_, i) => render(96, i))
  const files = await Promise.all(
    patches.map(async (patch, i) => ({
      name: `${i}.png`,
      mimeType: 'image/png',
      buffer: Buffer.from(await encodePng(patch)),
    })),
  )
  const set = {
    source: 'bench',
    count,
    height: 96,
    width: 96,
    read: async (rows: ArrayLike<number>) => joinPixels(Array.from(rows, (row) => patches[row])),
  } as unknown as PatchSet
  const pipeline = await openPipeline(model, { device: 'cpu', threads: 1 })
  const page = await open('#/predict')
  await page.getByLabel('a pipeline (.onnx)').setInputFiles(model)
  await page.getByText('WebAssembly on 1 thread').waitFor()
  await page.getByLabel('PNG or JPEG pictures').setInputFiles(files)
  await page
    .locator('.heat')
    .nth(count - 1)
    .waitFor()
  const times: Times = { page: [], node: [] }
  for (let round = -1; round < rounds; round++) {
    await page.getByRole('button', { name: 'Predict', exact: true }).click()
    const said = await page.getByText('patches a second').innerText({ timeout: 300_000 })
    const started = performance.now()
    await pipeline.predict(set, () => {})
    const seconds = (performance.now() - started) / 1000
    if (round < 0) continue
    times.page.push(count / Number(/; ([\d.]+) patches a second/.exec(said)![1]))
    times.node.push(seconds)
  }
  await pipeline.close()
  return times
}

function* compare(name: string, unit: string, count: number, { page, node }: Times): Generator<BenchLine> {
  const [here, there] = joinTimes(name, unit, count, [
    { peer: 'eosin', threads: 1, seconds: page },
    { peer: 'eosin under node', threads: 1, seconds: node },
  ])
  yield { ...here, ratio: here.per_s / there.per_s, note: 'in Chromium' }
  yield there
}
