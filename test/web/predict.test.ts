// Predict in Chromium: an exported pipeline gives the probabilities that it gives under Node.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeRandomPipeline } from '../../bench/randomPipeline.ts'
import { joinPixels, type Pixels, slicePixels } from '../../src/base/index.ts'
import { openPipeline } from '../../src/export/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { readCsv, readOnnx, writeOnnx } from '../../src/formats/index.ts'
import { emitModel, input, relu } from '../../src/graph/index.ts'
import type { PatchSet } from '../../src/patches/index.ts'
import { renderSyntheticPatch, syntheticDefaults } from '../../src/synthetic/browser.ts'
import { describeWorkbench, expectAccessible, type WatchedPage } from './harness.ts'

// The builds of ONNX Runtime sum in other orders; measured: 2.4e-7 in WebAssembly, 1.6e-7 in WebGPU on SwiftShader.
const tolerance = 2e-6

const folder = mkdtempSync(join(tmpdir(), 'eosin-web-'))
const file = join(folder, 'pipeline.onnx')
const side = 96

function render(size: number, index: number): Pixels {
  const { pixels } = renderSyntheticPatch({ ...syntheticDefaults, size, aberrantShare: 0 }, 'train', index)
  return { data: pixels, count: 1, height: size, width: size }
}

const single = [0, 1, 2].map((index) => render(side, index))
const large = render(2 * side + 10, 7)

// The four patches that the large picture holds, row by row.
const cut = [0, 1, 2, 3].map((i): Pixels => {
  const data = new Uint8Array(side * side * 3)
  for (let y = 0; y < side; y++) {
    const at = ((Math.floor(i / 2) * side + y) * large.width + (i % 2) * side) * 3
    data.set(large.data.subarray(at, at + side * 3), y * side * 3)
  }
  return { data, count: 1, height: side, width: side }
})

let expected: Float32Array
let pictures: { name: string; mimeType: string; buffer: Buffer }[]

beforeAll(async () => {
  await writeRandomPipeline(file, {
    extractor: 'vit:recipes/models/small-vit.json',
    width: 96,
    stain: 'macenko',
    side,
  })
  const all = joinPixels([...single, ...cut])
  const set = {
    source: 'test',
    count: all.count,
    height: side,
    width: side,
    read: async (rows: ArrayLike<number>) =>
      joinPixels(Array.from(rows, (row) => slicePixels(all, row, row + 1))),
  } as unknown as PatchSet
  const pipeline = await openPipeline(file, { device: 'cpu', threads: 1 })
  expected = await pipeline.predict(set, () => {})
  await pipeline.close()
  const names = ['=cmd|1.png', 'b.png', 'c.png', 'large.png']
  pictures = await Promise.all(
    [...single, large].map(async (picture, i) => ({
      name: names[i],
      mimeType: 'image/png',
      buffer: Buffer.from(await encodePng(picture)),
    })),
  )
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function openIt(page: WatchedPage): Promise<void> {
  await page.getByLabel('a pipeline (.onnx)').setInputFiles(file)
  await page.getByText('runs on').waitFor()
}

async function dropPictures(page: WatchedPage, files = pictures): Promise<void> {
  await page.getByLabel('PNG or JPEG pictures').setInputFiles(files)
  await page
    .locator('.heat')
    .nth(files.length - 1)
    .waitFor()
}

async function predict(page: WatchedPage): Promise<Record<string, string[]>> {
  await page.getByRole('button', { name: 'Predict', exact: true }).click()
  await page.getByText('patches a second').waitFor()
  return download(page)
}

async function download(page: WatchedPage): Promise<Record<string, string[]>> {
  const waiting = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download CSV' }).click()
  const text = readFileSync(await (await waiting).path(), 'utf8')
  return { text: [text], ...readCsv(text) }
}

function largestDifference(found: readonly string[]): number {
  expect(found).toHaveLength(expected.length)
  const difference = found.reduce(
    (most, value, i) => Math.max(most, Math.abs(Number(value) - expected[i])),
    0,
  )
  return difference
}

describeWorkbench('the page Predict', (workbench) => {
  it('gives the probabilities of Node, for patches and for a picture that is cut into them, with the network cut', async () => {
    const page = await workbench.open('#/predict')
    await page.getByText('ONNX Runtime is loaded').waitFor()
    await page.context().setOffline(true)
    await openIt(page)
    expect(await page.getByText('runs on').locator('..').innerText()).toMatch(/WebAssembly on \d+ threads?$/)
    await dropPictures(page)
    const { text, id, row, column, probability, prediction } = await predict(page)
    expect(largestDifference(probability)).toBeLessThanOrEqual(tolerance)
    expect(new Set(probability).size).toBeGreaterThan(4)
    expect(id).toEqual(['=cmd|1.png', 'b.png', 'c.png', ...Array(4).fill('large.png')])
    expect(text[0]).toContain("\n'=cmd|1.png,") // no formula in a spreadsheet
    expect([row.slice(3), column.slice(3)]).toEqual([
      ['0', '0', '1', '1'],
      ['0', '1', '0', '1'],
    ])
    expect(prediction).toEqual(probability.map((value) => (Number(value) >= 0.5 ? '1' : '0')))
    expect(page.troubles).toEqual([])
  })

  it('calls patches at the threshold that is set, from the file or by the keyboard', async () => {
    const page = await workbench.open('#/predict')
    await openIt(page)
    await dropPictures(page)
    const { probability } = await predict(page)
    const threshold = page.getByLabel('threshold')
    expect(await threshold.inputValue()).toBe('0.5')
    const middle = [...probability].map(Number).sort((a, b) => a - b)[3]
    await threshold.focus()
    while (Number(await threshold.inputValue()) < middle) await page.keyboard.press('ArrowRight')
    const at = Number(await threshold.inputValue())
    const { prediction } = await download(page)
    expect(prediction).toEqual(probability.map((value) => (Number(value) >= at ? '1' : '0')))
    expect(new Set(prediction).size).toBe(2)
    await page.getByRole('button', { name: "Back to the pipeline's 0.5" }).click()
    expect(await threshold.inputValue()).toBe('0.5')
  })

  it('can be cancelled: what was predicted until then stays', async () => {
    const page = await workbench.open('#/predict')
    await openIt(page)
    const wide = { ...pictures[3], buffer: Buffer.from(await encodePng(render(1000, 3))) }
    await dropPictures(page, [wide])
    await page.getByRole('button', { name: 'Predict', exact: true }).click()
    await page.locator('tbody tr').first().waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('of 100, as it was cancelled').waitFor()
    const { probability } = await download(page)
    expect(probability.length).toBeGreaterThan(0)
    expect(probability.length).toBeLessThan(100)
    expect(page.troubles).toEqual([])
  })

  it('refuses what is no pipeline and what is no picture for it, each with one notice', async () => {
    const page = await workbench.open('#/predict')
    const x = input('x', ['n', 3])
    const other = Buffer.from(emitModel({ y: relu(x) }, { name: 'other', inputs: [x] }))
    const whole = readFileSync(file)
    const bad: [string, Buffer, string][] = [
      ['other.onnx', other, 'got another ONNX model'],
      ['picture.onnx', pictures[0].buffer, 'got a PNG picture'],
      ['cut.onnx', whole.subarray(0, whole.length / 2), 'is damaged'],
      ['empty.onnx', Buffer.alloc(0), 'got an empty file'],
      ['later.onnx', Buffer.from(withMetadata(whole, 'eosin.pipeline', '9')), 'got version 9'],
    ]
    for (const [name, buffer, said] of bad) {
      await page
        .getByLabel('a pipeline (.onnx)')
        .setInputFiles({ name, mimeType: 'application/octet-stream', buffer })
      await page.getByRole('alert').filter({ hasText: said }).waitFor()
      expect(await page.getByRole('alert').count()).toBe(1)
    }
    await openIt(page)
    const small = { ...pictures[1], buffer: Buffer.from(await encodePng(render(32, 1))) }
    const huge = Buffer.from(pictures[1].buffer)
    huge.writeUInt32BE(20_000, 16)
    huge.writeUInt32BE(10_000, 20)
    for (const [buffer, said] of [
      [small.buffer, 'got 32 x 32'],
      [huge, '200 megapixels'],
      [whole, 'got an ONNX model'],
    ] as const) {
      await page.getByLabel('PNG or JPEG pictures').setInputFiles({ ...small, buffer })
      await page.getByRole('alert').filter({ hasText: said }).waitFor()
      expect(await page.getByRole('alert').count()).toBe(1)
    }
    expect(await page.locator('.heat').count()).toBe(0)
    expect(page.troubles).toEqual([])
  })

  it.each([
    'light',
    'dark',
  ] as const)('has nothing that axe-core finds on %s paper, wide and narrow', async (colorScheme) => {
    const page = await workbench.open('#/predict', {
      colorScheme,
      width: colorScheme === 'dark' ? 390 : 1280,
    })
    await openIt(page)
    await dropPictures(page)
    await predict(page)
    await expectAccessible(page)
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    expect(await page.locator('.facts').innerText()).toContain('SYNTHETIC DATA')
  })
})

function withMetadata(bytes: Uint8Array, key: string, value: string): Uint8Array {
  const model = readOnnx(bytes)
  const metadataProps = model.metadataProps.map((entry) => (entry.key === key ? { ...entry, value } : entry))
  return writeOnnx({ ...model, metadataProps })
}

describeWorkbench(
  'a host that sends no headers for shared memory',
  (workbench) => {
    it('runs pipelines on one thread, and says why', async () => {
      const page = await workbench.open('#/predict')
      await page.getByText('Memory cannot be shared between threads here').waitFor()
      await page.getByText('This browser offers no WebGPU').waitFor()
      await openIt(page)
      expect(await page.getByText('runs on').locator('..').innerText()).toMatch(/WebAssembly on 1 thread$/)
      await dropPictures(page)
      expect(largestDifference((await predict(page)).probability)).toBeLessThanOrEqual(tolerance)
      expect(page.troubles).toEqual([])
    })
  },
  { isolated: false },
)

// A GPU that is a program: what it computes is a GPU's, but for its speed.
const swiftShader = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
]

describeWorkbench(
  'WebGPU, on SwiftShader',
  (workbench) => {
    it('gives the probabilities of Node (left out where Chromium has no such adapter)', async ({ skip }) => {
      const page = await workbench.open('#/predict')
      await page.getByText('ONNX Runtime is loaded').waitFor()
      const adapter = await page.evaluate('navigator.gpu?.requestAdapter().then(Boolean)')
      if (!adapter) skip('no WebGPU adapter')
      await openIt(page)
      await page.getByText('WebAssembly on').waitFor() // a program is no faster than the processor
      await page.getByLabel('device').selectOption('webgpu')
      await page.getByText('the GPU, by WebGPU').waitFor()
      await dropPictures(page)
      expect(largestDifference((await predict(page)).probability)).toBeLessThanOrEqual(tolerance)
      expect(page.troubles.filter((line) => !/onnxruntime|WebGPU is experimental/i.test(line))).toEqual([])
    }, 300_000) // a GPU that is a program shares the processor with everything else
  },
  { args: swiftShader },
)
