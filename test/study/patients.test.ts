// Patients in a study: from a column of the data to intervals, figures by patient and the run's own tables.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pixelsAt } from '../../src/base/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { readCsv, writeCsv } from '../../src/formats/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import type { Metrics } from '../../src/runs/index.ts'
import { runStudy } from '../../src/study/index.ts'
import { runCli } from '../cli/runCli.ts'
import { drawTissue } from '../stain/pictures.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-patients-'))
const at = (...parts: string[]) => join(folder, ...parts)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const perSplit = 48
let drawn = 0

// Pictures on eight slides of four patients.
async function writeSplit(name: string, centers: readonly string[]): Promise<void> {
  mkdirSync(at(name), { recursive: true })
  const rows = Array.from({ length: perSplit }, (_, i) => ({ i, slide: i % 8 }))
  const path = rows.map(({ i }) => `${i}.png`)
  for (const picture of path)
    writeFileSync(at(name, picture), await encodePng(pixelsAt(drawTissue(drawn++, 32), 0)))
  const table = {
    path,
    label: rows.map(({ i }) => (i >> 3) % 2),
    center: rows.map(({ slide }) => centers[(slide >> 1) % centers.length]),
    slide: rows.map(({ slide }) => `${name} ${slide}`),
    patient: rows.map(({ slide }) => `${name} patient ${slide >> 1}`),
  }
  writeFileSync(at(name, 'set.csv'), writeCsv(table))
}

const observed: string[] = []
const observer = {
  step: (stage: string) => ({
    progress: () => {},
    end: (isCached: boolean) => {
      if (!isCached) observed.push(stage)
    },
  }),
}

async function run(): Promise<Metrics> {
  observed.length = 0
  const recipe = `name: p
seeds: 1
protocol: leave-one-center-out
data: { train: { path: train/set.csv }, val: { path: val/set.csv }, test: { path: test/set.csv } }
stain: [none]
embed: [texture]
classify: [logistic, { head: knn, k: 5 }]
`
  const options = { out: at('runs'), cache: at('cache'), device: 'cpu', threads: 1, observer }
  await runStudy(parseRecipe(recipe, { where: 'p.yaml', folder }), options)
  return JSON.parse(readFileSync(at('runs', 'p', 'metrics.json'), 'utf8'))
}

let metrics: Metrics

beforeAll(async () => {
  await writeSplit('train', ['0', '1'])
  await writeSplit('val', ['2'])
  await writeSplit('test', ['3'])
  metrics = await run()
}, 60_000)

describe('a study whose patches name their patients', () => {
  it('leaves patients out in turn, on every split, and judges by patient too', () => {
    expect(metrics.failures).toBeUndefined()
    for (const { val, test, heldOut } of metrics.cells) {
      expect(test).toMatchObject({ resampled: 'patients', slides: 8, patients: 4 })
      expect(test!.patientLevel).toMatchObject({ count: 4 })
      expect(Object.keys(test!.byPatient)).toEqual([0, 1, 2, 3].map((i) => `test patient ${i}`))
      expect(val).toMatchObject({ resampled: 'patients', patients: 4 })
      expect(heldOut).toMatchObject({ resampled: 'patients', slides: 16 })
    }
    expect(metrics.differences![0].test).toMatchObject({ resampled: 'patients', patients: 4 })
  })

  it('names them in its tables, from which eosin evaluate gives the same figures', async () => {
    for (const table of ['predictions.csv', 'rows/test.csv']) {
      const { patient } = readCsv(readFileSync(at('runs', 'p', table), 'utf8'), table)
      expect(patient.slice(-perSplit)).toContain('test patient 3')
    }
    for (const table of ['predictions.csv', 'predictions.parquet']) {
      const [cell] = metrics.cells
      const args = ['--column', cell.id, '--split', 'test', '--seed', '0', '--json']
      const { code, stdout } = await runCli(['evaluate', at('runs', 'p', table), ...args])
      expect(code).toBe(0)
      const { split: _, thresholdOf: __, ...own } = JSON.parse(stdout)
      expect(own).toEqual(cell.test)
    }
  })

  it('shows both levels of every cell in its report', () => {
    const text = readFileSync(at('runs', 'p', 'report.html'), 'utf8')
    expect(text).toContain('Slides and patients: how much tumour')
    expect(text).toMatch(/from leaving out each of 4 patients in turn/)
  })

  it('is evaluated anew, and nothing else, where a patient is another', async () => {
    const rows = readCsv(readFileSync(at('test', 'set.csv'), 'utf8'), 'set.csv')
    const patient = rows.patient.map((name) => name.replace('patient 3', 'patient 0'))
    writeFileSync(at('test', 'set.csv'), writeCsv({ ...rows, patient }))
    const changed = await run()
    expect(changed.cells[0].test).toMatchObject({ resampled: 'patients', patients: 3 })
    expect(observed.filter((stage) => !['read', 'report', 'overlap', 'hash'].includes(stage))).toEqual(
      metrics.cells.map(() => 'evaluate'),
    )
  }, 60_000)
})
