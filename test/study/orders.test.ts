// A file that is sorted by label, through the command line: warned of by plan and run, and kept with the run.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRandom, pixelsAt } from '../../src/base/index.ts'
import { createChallengeFile } from '../../src/patches/index.ts'
import { runCli } from '../cli/runCli.ts'
import { drawTissue } from '../stain/pictures.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-orders-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const side = 32

// Two slides a center, mixed.
async function writeFile(name: string, center: number, labels: readonly number[]): Promise<void> {
  const file = await createChallengeFile(at(name), { height: side, width: side, origin: 'synthetic' })
  for (const [i, label] of labels.entries()) {
    const image = pixelsAt(drawTissue(1000 * center + i, side), 0).data
    file.append({ id: `${i}`, image, label, center, slide: 10 * center + (i % 2) })
  }
  await file.close()
}

const half = Array.from({ length: 60 }, (_, i) => i % 2)
const shuffled = Array.from(openRandom(1, 'orders').permutation(60), (i) => half[i])

beforeAll(async () => {
  await writeFile('train.h5', 0, shuffled)
  await writeFile(
    'sorted.h5',
    1,
    half.toSorted((a, b) => b - a),
  )
  await writeFile('shuffled.h5', 1, shuffled)
  for (const val of ['sorted', 'shuffled']) {
    const data = `data:\n  train: { path: train.h5 }\n  val: { path: ${val}.h5 }\n`
    writeFileSync(
      at(`${val}.yaml`),
      `name: ${val}\nseeds: 1\n${data}stain: [none]\nembed: [texture]\nclassify: [logistic]\n`,
    )
  }
}, 60_000)

const study = (word: string, val: string) =>
  runCli(['study', word, `${val}.yaml`, '--device', 'cpu', '--json'], folder)

const sentence =
  'val: the place of a patch in its file, and the number in its id, tell its label: AUROC 0.00 in center 1, all tumour first, 2 runs of equal labels where 31 are expected (p < 0.0001).'

describe('a file that is sorted by label', () => {
  it('is warned of by the plan', async () => {
    const { orders } = JSON.parse((await study('plan', 'sorted')).stdout)
    expect(orders).toMatchObject([
      { set: 'val', by: 'place and number', kind: 'trend', groups: [{ center: '1', slides: 2, auroc: 0 }] },
    ])
    const said = await runCli(['study', 'plan', 'sorted.yaml', '--device', 'cpu'], folder)
    expect(said.stdout).toContain(`Warning: order tells labels: ${sentence}`)
  })

  it('and at the start of a run, in its log, metrics, report and model card', async () => {
    const { code, stdout, stderr } = await study('run', 'sorted')
    expect(code).toBe(0)
    expect(stderr.indexOf(sentence)).toBeGreaterThan(0)
    expect(stderr.indexOf(sentence)).toBeLessThan(stderr.indexOf('quality'))
    const read = (file: string) => readFileSync(at('runs/sorted', file), 'utf8')
    expect(JSON.parse(read('metrics.json')).orders).toEqual(JSON.parse(stdout).metrics.orders)
    expect(JSON.parse(stdout).metrics.orders).toHaveLength(1)
    expect(read('log.jsonl')).toContain('order tells labels')
    const report = read('report.html')
    const marked = sentence.replace('<', '&lt;')
    expect(report.indexOf(marked)).toBeGreaterThan(report.indexOf('ORDER TELLS LABELS'))
    expect(report.indexOf(marked)).toBeLessThan(report.indexOf('class="tiles"'))
    expect(report.split(marked)).toHaveLength(3) // in the section Guards too
    expect(read('MODEL_CARD.md')).toContain(marked)
  }, 60_000)

  it('is not where it is shuffled', async () => {
    const { code, stdout, stderr } = await study('run', 'shuffled')
    expect(code).toBe(0)
    expect(stderr).not.toContain('order tells labels')
    expect(JSON.parse(stdout).metrics.orders).toEqual([])
    expect(readFileSync(at('runs/shuffled/report.html'), 'utf8')).toContain(
      'Neither the order of rows nor the number in an id tells a label',
    )
  }, 60_000)
})
