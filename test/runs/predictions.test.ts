// The predictions of a run, from Parquet or CSV alike.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { writeCsv, writeParquet } from '../../src/formats/index.ts'
import { openPredictions } from '../../src/runs/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-predictions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const COLUMNS = {
  split: ['val', 'val', 'test'],
  id: ['1', '=2', '1'],
  center: ['0', null, '2'],
  slide: [null, null, null],
  label: [0, 1, null],
  'none/texture/mlp': [0.25, 0.1, 1],
}
function makeRun(name: string, file: string, content: string | Uint8Array): string {
  const run = join(folder, name)
  mkdirSync(run, { recursive: true })
  writeFileSync(join(run, file), content)
  return run
}

describe('the predictions of a run', () => {
  it.each([
    ['predictions.parquet', writeParquet(COLUMNS)],
    ['predictions.csv', writeCsv(COLUMNS)],
  ])('are read from %s', async (file, content) => {
    const predictions = await openPredictions(makeRun(file, file, content))
    expect(predictions).toMatchObject({
      splits: ['val', 'val', 'test'],
      ids: ['1', '=2', '1'],
      centers: ['0', null, '2'],
      slides: [null, null, null],
      patients: [null, null, null], // which runs of older versions do not name
      labels: [0, 1, null],
      cells: ['none/texture/mlp'],
    })
    expect(await predictions.read('none/texture/mlp')).toEqual(Float32Array.of(0.25, 0.1, 1))
  })

  it('name patients where the run does', async () => {
    const run = makeRun('patients', 'predictions.csv', writeCsv({ ...COLUMNS, patient: ['a', null, 'b'] }))
    const { patients, cells } = await openPredictions(run)
    expect({ patients, cells }).toEqual({ patients: ['a', null, 'b'], cells: ['none/texture/mlp'] })
  })

  it('are refused where a column is missing, a label is none, or there are none', async () => {
    const { slide: _, ...less } = COLUMNS
    const missing = makeRun('missing', 'predictions.csv', writeCsv(less))
    await expect(openPredictions(missing)).rejects.toThrow(/expected a column slide, got split, id/)
    const odd = makeRun('odd', 'predictions.csv', writeCsv({ ...COLUMNS, label: [0, 2, null] }))
    await expect(openPredictions(odd)).rejects.toThrow(/expected label 0 or 1, got '2'/)
    await expect(openPredictions(join(folder, 'nowhere'))).rejects.toThrow(/predictions\.parquet/)
  })
})
