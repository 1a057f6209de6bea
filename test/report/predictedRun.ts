// Made-up runs with predictions, for what compares runs.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRandom } from '../../src/base/index.ts'
import { writeCsv, writeParquet } from '../../src/formats/index.ts'
import { inventRun, writeSampleRun } from './sampleRun.ts'

/** A patch that is predicted. */
export interface Patch {
  readonly split: 'val' | 'test'
  readonly id: string
  readonly center: string | null
  readonly slide: string | null
  readonly label: number | null
}

/** 120 patches of val and of test, in eight slides each. */
export const PATCHES = (['val', 'test'] as const).flatMap((split) =>
  Array.from({ length: 120 }, (_, i): Patch => {
    const center = split === 'val' ? '1' : '2'
    return { split, id: String(i), center, slide: `s${i % 8}`, label: i % 2 }
  }),
)

/** Right with a chance of `skill`; the same patch and cell of the same skill get the same. */
export function predict(patch: Patch, index: number, cell: string, skill: number): number {
  const luck = openRandom(1, cell, patch.split, String(index)).uniform()
  return Math.fround(luck < skill === (patch.label !== 0) ? 0.9 : 0.1)
}

/** What varies between runs. */
export interface Made {
  readonly stains?: readonly string[]
  readonly skill?: number
  readonly patches?: readonly Patch[]
  readonly isCsv?: boolean
  readonly reversed?: boolean
  readonly change?: (run: ReturnType<typeof inventRun>) => ReturnType<typeof inventRun>
}

/** Writes a made-up run with predictions into `folder`, and gives its path. */
export async function makeRunIn(folder: string, name: string, made: Made = {}): Promise<string> {
  const { stains = ['none', 'macenko'], skill = 0.8, patches = PATCHES, change = (run) => run } = made
  const run = change(inventRun({ stains, embeds: ['texture'], heads: ['mlp'], name }))
  const path = join(folder, name.replaceAll(/\W+/g, '-'))
  await writeSampleRun(path, run, false)
  const order = patches.map((patch, i) => ({ patch, i }))
  if (made.reversed) order.reverse()
  const pick = <K extends keyof Patch>(key: K) => order.map(({ patch }) => patch[key])
  const columns = {
    ...{ split: pick('split'), id: pick('id'), center: pick('center'), slide: pick('slide') },
    label: pick('label'),
    ...Object.fromEntries(
      run.metrics.cells.map(({ id }) => [id, order.map(({ patch, i }) => predict(patch, i, id, skill))]),
    ),
  }
  if (made.isCsv) writeFileSync(join(path, 'predictions.csv'), writeCsv(columns))
  else writeFileSync(join(path, 'predictions.parquet'), writeParquet(columns))
  return path
}
