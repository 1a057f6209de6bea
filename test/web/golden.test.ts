// The library in Chromium: the golden fixtures of stains by the same checks as under Node, figures and a graph compared with
// those that Node computes.

import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { build, defaultClientConditions } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConformanceResult } from '../../conformance/result.ts'
import { openSession } from '../../src/engine/index.ts'
import { emitTrial, evaluateTrial, runTrial } from './golden/trials.ts'
import { describeWorkbench, type Host, serveFolder } from './harness.ts'

const golden = resolve('../shared/golden')
const inRepository = readdirSync('fixtures/stain').map((name) => `fixtures/stain/${name}`)
const beside = existsSync(golden)
  ? readdirSync(golden).filter((name) => name.startsWith('stain_') && name !== 'stain_images')
  : []
const here = (path: string) => resolve(import.meta.dirname, path)

// In the place of Node and of rooms that need it.
const stand = [
  [/^node:(fs|fs\/promises|path)$/, here('golden/files.ts')],
  [/^.*\/src\/files\/index\.ts$/, here('golden/files.ts')],
  [/^.*\/src\/stain\/index\.ts$/, here('golden/stain.ts')],
] as const

describeWorkbench('the library in Chromium', (workbench) => {
  const folder = mkdtempSync(join(tmpdir(), 'eosin-golden-'))
  let host: Host
  let page: Page
  beforeAll(async () => {
    await build({
      configFile: false,
      logLevel: 'warn',
      root: import.meta.dirname,
      base: './',
      resolve: {
        alias: stand.map(([find, replacement]) => ({ find, replacement })),
        conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions],
      },
      build: {
        outDir: folder,
        emptyOutDir: true,
        target: 'es2023',
        assetsInlineLimit: 0,
        rollupOptions: { input: here('golden/entry.ts'), output: { entryFileNames: 'entry.js' } },
      },
    })
    writeFileSync(
      join(folder, 'index.html'),
      '<!doctype html><title>checks</title><script type="module" src="entry.js"></script>',
    )
    symlinkSync(resolve('fixtures'), join(folder, 'fixtures'))
    if (beside.length > 0) symlinkSync(golden, join(folder, 'golden'))
    host = await serveFolder(folder)
    page = await workbench.browser.newPage()
    await page.goto(host.address)
    await page.waitForFunction('globalThis.checkStain !== undefined')
  })
  afterAll(async () => {
    await host?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([...inRepository, ...beside.map((name) => `golden/${name}`)])('meets %s', async (fixture) => {
    const results = await page.evaluate<ConformanceResult[]>(`checkStain(${JSON.stringify(fixture)})`)
    expect(results.length).toBeGreaterThan(0)
    const missed = results.filter(({ error, tolerance }) => !(error <= tolerance))
    expect(missed.map(({ quantity, error, tolerance }) => `${quantity}: ${error} > ${tolerance}`)).toEqual([])
  })

  // Versions of V8 differ in the last bit of Math.exp and Math.log.
  it('evaluates to the figures of Node, to 1e-13', async () => {
    const number = /-?\d+(\.\d+)?(e-?\d+)?/g
    const numbersOf = (text: string) => [...text.matchAll(number)].map(([digits]) => Number(digits))
    const [found, expected] = [await page.evaluate<string>('evaluateTrial()'), evaluateTrial()]
    expect(found.replace(number, '#')).toBe(expected.replace(number, '#'))
    const [values, wanted] = [numbersOf(found), numbersOf(expected)]
    expect(wanted.length).toBeGreaterThan(500)
    for (const [i, value] of values.entries())
      expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(wanted[i])))
  })

  it('emits the bytes of Node, and computes a loss and its gradients as Node does', async () => {
    expect(await page.evaluate('emitTrial()')).toEqual([...emitTrial()])
    const expected = await runTrial(await openSession(emitTrial(), { provider: 'cpu', threads: 1 }))
    const found = await page.evaluate<number[]>('runTrial()')
    expect(found).toHaveLength(61)
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i], 5)
  })
})
