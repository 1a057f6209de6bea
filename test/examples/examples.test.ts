// Every script of examples/ is run as its page says, in a folder of its own, and leaves what it promises.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCsv } from '../../src/formats/index.ts'
import { makeTemporaryFolder } from '../files/temporaryFolder.ts'

const at = makeTemporaryFolder()
const page = readFileSync('examples/README.md', 'utf8')
const scripts = readdirSync('examples').filter((name) => name !== 'README.md')

// As in a clone: `npx eosin` and `npx tsx` are found, and nothing is fetched.
mkdirSync(at('node_modules', '.bin'), { recursive: true })
symlinkSync(resolve('bin/eosin.js'), at('node_modules', '.bin', 'eosin'))
symlinkSync(resolve('node_modules/tsx/dist/cli.mjs'), at('node_modules', '.bin', 'tsx'))
symlinkSync(resolve('examples'), at('examples'))

const commandOf = (script: string) =>
  page.match(new RegExp(`\\(${script}\\).*\`(.+ examples/${script})\``))?.[1]
const read = (...parts: string[]) => readFileSync(at(...parts), 'utf8')

function run(command: string): Promise<{ code: number | null; printed: string }> {
  const child = spawn('sh', ['-c', command], {
    cwd: at(),
    env: { ...process.env, NO_COLOR: '1', npm_config_offline: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (printed += text))
  return new Promise((done) => child.on('close', (code) => done({ code, printed })))
}

// What each leaves and says.
const checks: Readonly<Record<string, (printed: string) => void>> = {
  'own-patches.sh': (printed) => {
    expect(printed).toMatch(/labels +\d+ normal, \d+ tumour/)
    expect(printed).toMatch(/macenko\/texture\/logistic/)
    const { manifest, metrics } = readRun('own-patches/runs/own-patches')
    expect(manifest.splits.test).toMatchObject({ count: 90 })
    expect(metrics.cells).toHaveLength(4)
    expect(read('own-patches/runs/own-patches/report.html')).toContain('<html')
  },
  'external-validation.sh': (printed) => {
    expect(printed).toContain('nothing found')
    expect(printed).toMatch(/accuracy +0\.\d{4} +0\.\d{4} - [01]\.\d{4}/)
    const { count, slides, accuracy, resampled } = JSON.parse(read('external-validation/evaluation.json'))
    expect([count, slides, resampled]).toEqual([200, 10, 'slides'])
    expect(accuracy.low).toBeLessThan(accuracy.value)
    expect(accuracy.value).toBeLessThan(accuracy.high)
  },
  'cross-validation.sh': (printed) => {
    expect(printed).toContain('15 patients in 5 folds, each fold left out in turn')
    expect(printed).toContain('patients left out in turn')
    const { patient, heldOut: part } = readCsv(
      read('cross-validation/leave-out/predictions.csv'),
      'predictions.csv',
    )
    const folds = new Map<string, Set<string>>()
    for (const [row, name] of patient.entries())
      folds.set(name, (folds.get(name) ?? new Set()).add(part[row]))
    expect(folds.size).toBe(15)
    expect([...folds.values()].every(({ size }) => size === 1)).toBe(true)
  },
  'own-extractor.ts': (printed) => {
    expect(printed).toMatch(/^64 dimensions\naccuracy 0\.\d{3} \[0\.\d{3}-[01]\.\d{3}\]\nAUROC/)
    expect(existsSync(at('own-extractor', 'model.onnx'))).toBe(true)
  },
  'normalise-folder.sh': (printed) => {
    expect(printed).toMatch(/^ok +\d+$/m)
    for (const hospital of ['one', 'two']) {
      const [before, after] = ['pictures', 'normalised'].map((folder) =>
        readdirSync(at('normalise-folder', folder, hospital)).filter((name) => name.endsWith('.png')),
      )
      expect(before).toHaveLength(60)
      expect(after).toEqual(before)
    }
    expect(read('normalise-folder/compare.html')).toContain('reinhard')
  },
}

function readRun(folder: string) {
  const [manifest, metrics] = ['manifest.json', 'metrics.json'].map((name) =>
    JSON.parse(read(join(folder, name))),
  )
  return { manifest, metrics }
}

describe('the examples', () => {
  it('are those that their page lists, each with its command', () => {
    expect(scripts.sort()).toEqual(Object.keys(checks).sort())
    expect(scripts.filter((script) => !commandOf(script))).toEqual([])
    expect(page.match(/^\| \[/gm)).toHaveLength(scripts.length)
  })

  it.each(scripts)('%s runs and leaves what it promises', async (script) => {
    const { code, printed } = await run(commandOf(script)!)
    expect(code, printed).toBe(0)
    checks[script](printed)
  }, 300_000)

  it('do not write into a folder that is there', async () => {
    const { code } = await run(commandOf('cross-validation.sh')!)
    expect(code).not.toBe(0)
  })
})
