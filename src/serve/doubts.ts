// Labels that somebody doubts: doubts.json in the folder of runs, beside the data and never in them. One file for all sets:
// a patch is known by the file it lies in and its id there, whichever set it is looked at in.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DataError } from '../base/index.ts'
import { makeFolder, writeFileAtomic } from '../files/index.ts'
import { readJson } from '../runs/index.ts'
import { withLease } from '../tasks/index.ts'
import type { Doubt, DoubtOrder, SetDoubts } from './api.ts'
import type { Given } from './given.ts'
import type { OpenSet } from './openSet.ts'
import { RefusedError } from './refused.ts'

const format = 'eosin doubts 1'
const noteAtMost = 2000
const words: readonly unknown[] = ['tumour', 'normal', 'unclear']

/** The doubts of the patches of a set. Throws DataError where the file is damaged. */
export async function readDoubts(given: Given, set: OpenSet): Promise<SetDoubts> {
  const file = doubtsFile(given)
  const doubts = new Map((await readAll(file)).map((doubt) => [keyOf(doubt), doubt]))
  if (doubts.size === 0) return { file, doubts: [] }
  const found = set.columns.ids.flatMap((_, index) => {
    const doubt = doubts.get(keyOf(set.placeOf(index)))
    return doubt ? [{ ...doubt, index }] : []
  })
  return { file, doubts: found }
}

/** Doubts a label, or takes a doubt back. Throws RefusedError for what is no such order. */
export async function changeDoubt(given: Given, set: OpenSet, order: DoubtOrder): Promise<SetDoubts> {
  const { index, as, note = '' } = order
  const isPatch = Number.isSafeInteger(index) && index >= 0 && index < set.columns.count
  if (
    !isPatch ||
    (as !== null && !words.includes(as)) ||
    typeof note !== 'string' ||
    note.length > noteAtMost
  ) {
    throw new RefusedError(400, {
      where: 'doubt',
      expected: `a row below ${set.columns.count}, as 'tumour', 'normal', 'unclear' or null, and a note of at most ${noteAtMost} characters`,
      got: JSON.stringify({ index, as }),
    })
  }
  const { source, id, label } = set.placeOf(index)
  const file = doubtsFile(given)
  await makeFolder(given.runs)
  await withLease(`${file}.lease`, {}, async () => {
    const others = (await readAll(file)).filter((doubt) => keyOf(doubt) !== keyOf({ source, id }))
    const own: Doubt[] = as === null ? [] : [{ source, id, label, as, note, at: new Date().toISOString() }]
    const lines = [...others, ...own].map((doubt) => ` ${JSON.stringify(doubt)}`).join(',\n')
    await writeFileAtomic(file, `{"format":"${format}","doubts":[\n${lines}\n]}\n`)
  })
  return readDoubts(given, set)
}

const doubtsFile = ({ runs }: Given) => join(runs, 'doubts.json')
const keyOf = ({ source, id }: Pick<Doubt, 'source' | 'id'>) => JSON.stringify([source, id])

async function readAll(file: string): Promise<Doubt[]> {
  if (!existsSync(file)) return []
  const content = await readJson<{ readonly format?: string; readonly doubts?: Doubt[] } | null>(file)
  if (content?.format === format && Array.isArray(content.doubts)) return content.doubts
  const hint = 'move the file away: doubts are then kept in a new one'
  throw new DataError({ where: file, expected: `format '${format}'`, got: `${content?.format}`, hint })
}
