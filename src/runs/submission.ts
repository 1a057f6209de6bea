// The challenge's submission file: `ID,Pred`, one row a test image, integer ID, Pred 0 or 1, LF.

import { canonicalInteger, compareIds, DataError } from '../base/index.ts'
import { readTextFile, writeFileAtomic } from '../files/index.ts'
import { readCsv } from '../formats/index.ts'

/** A submission: predictions by id. */
export interface Submission {
  readonly ids: readonly string[]
  readonly predictions: readonly (0 | 1)[]
}

/** What the linter found; `problems` empty means that the file can be handed in. */
export interface SubmissionCheck {
  readonly rows: number
  readonly positives: number
  /** Share of rows predicted as tumour. */
  readonly positiveShare: number
  readonly problems: readonly string[]
  /** Worth a look, but no reason for a refusal. */
  readonly warnings: readonly string[]
}

/** Where two submissions disagree. */
export interface SubmissionDifference {
  readonly rows: number
  readonly differing: number
  /** Up to 20 ids that differ, with both predictions. */
  readonly examples: readonly { readonly id: string; readonly a: 0 | 1; readonly b: 0 | 1 }[]
}

/** Writes a submission, rows ordered by number. Throws DataError where `explainUnfit` objects to the ids. */
export async function writeSubmission(
  path: string,
  ids: readonly string[],
  predictions: ArrayLike<number>,
): Promise<void> {
  const got = explainUnfit(ids)
  if (got) throw new DataError({ where: path, expected: 'integer ids as the challenge has them', got })
  const order = ids.map((_, row) => row).sort((a, b) => compareIds(ids[a], ids[b]))
  const lines = order.map((row) => `${ids[row]},${predictions[row]}`)
  await writeFileAtomic(path, `ID,Pred\n${lines.join('\n')}\n`)
}

/** Why no submission can be written for these ids: one is no integer, or two are the same integer; else undefined. */
export function explainUnfit(ids: readonly string[]): string | undefined {
  const odd = ids.find((id) => !/^\d+$/.test(id))
  if (odd !== undefined) return `'${odd}'`
  const twins = findTwins(ids)
  return twins && `'${twins[0]}' beside '${twins[1]}', which are one integer`
}

function findTwins(ids: readonly string[]): [string, string] | undefined {
  const seen = new Map<string, string>()
  for (const id of ids) {
    const first = seen.get(canonicalInteger(id))
    if (first !== undefined) return [first, id]
    seen.set(canonicalInteger(id), id)
  }
  return undefined
}

/** Lints a submission against the ids of the test set; `expectedShare` is the training share of tumour. */
export async function checkSubmission(path: string, testIds: readonly string[]): Promise<SubmissionCheck> {
  const text = await readTextFile(path)
  const problems: string[] = []
  const warnings: string[] = []
  if (text.includes('\r')) problems.push('line ends are CRLF; the challenge wants LF')
  if (!text.endsWith('\n')) warnings.push('the last line has no line end')
  const { ids, values } = parseRows(path, text)
  const bad = values.findIndex((value) => value !== '0' && value !== '1')
  if (bad >= 0) problems.push(`ID ${ids[bad]}: Pred must be 0 or 1, got '${values[bad]}'`)
  const notIntegers = ids.filter((id) => !/^\d+$/.test(id))
  if (notIntegers.length > 0)
    problems.push(`${notIntegers.length} IDs are not integers, e.g. '${notIntegers[0]}'`)
  const twins = notIntegers.length === 0 ? findTwins([...new Set(ids)]) : undefined
  if (twins) problems.push(`IDs ${twins[0]} and ${twins[1]} are one integer`)
  problems.push(...listMismatches(ids, testIds))
  if (notIntegers.length === 0 && ids.some((id, i) => i > 0 && compareIds(id, ids[i - 1]) <= 0)) {
    warnings.push('rows are not in ascending order of ID')
  }
  const positives = values.filter((value) => value === '1').length
  const positiveShare = ids.length ? positives / ids.length : 0
  if (ids.length && (positiveShare < 0.2 || positiveShare > 0.8)) {
    warnings.push(`${(100 * positiveShare).toFixed(1)} % tumour: the challenge's classes are near balance`)
  }
  return { rows: ids.length, positives, positiveShare, problems, warnings }
}

/** Compares two submissions by id. Throws DataError where their ids differ. */
export async function diffSubmissions(pathA: string, pathB: string): Promise<SubmissionDifference> {
  const a = await readSubmission(pathA)
  const b = await readSubmission(pathB)
  const problems = listMismatches(b.ids, a.ids)
  if (problems.length > 0)
    throw new DataError({ where: pathB, got: problems[0], hint: `compared with ${pathA}` })
  const predictionOf = new Map(b.ids.map((id, row) => [id, b.predictions[row]]))
  const examples: { id: string; a: 0 | 1; b: 0 | 1 }[] = []
  let differing = 0
  a.ids.forEach((id, row) => {
    const other = predictionOf.get(id)!
    if (other === a.predictions[row]) return
    differing++
    if (examples.length < 20) examples.push({ id, a: a.predictions[row], b: other })
  })
  return { rows: a.ids.length, differing, examples }
}

/** Reads a submission. Throws DataError on a header or a value that is not the challenge's. */
export async function readSubmission(path: string): Promise<Submission> {
  const { ids, values } = parseRows(path, await readTextFile(path))
  const predictions = values.map((value, row): 0 | 1 => {
    if (value !== '0' && value !== '1') {
      throw new DataError({ where: `${path} ID ${ids[row]}`, expected: 'Pred 0 or 1', got: `'${value}'` })
    }
    return value === '1' ? 1 : 0
  })
  return { ids, predictions }
}

function parseRows(path: string, text: string): { ids: readonly string[]; values: readonly string[] } {
  const columns = readCsv(text, path)
  const [header] = text.split(/\r?\n/, 1)
  if (Object.keys(columns).join(',') !== 'ID,Pred' || /[;\t]/.test(header)) {
    throw new DataError({ where: path, expected: "the header 'ID,Pred'", got: `'${header}'` })
  }
  return { ids: columns.ID, values: columns.Pred }
}

function listMismatches(ids: readonly string[], wanted: readonly string[]): string[] {
  const problems: string[] = []
  const seen = new Set<string>()
  const repeated = ids.filter((id) => seen.size === seen.add(id).size)
  const known = new Set(wanted)
  const unknown = [...seen].filter((id) => !known.has(id))
  const missing = wanted.filter((id) => !seen.has(id))
  if (repeated.length > 0) problems.push(`${repeated.length} IDs stand twice, e.g. ${repeated[0]}`)
  if (unknown.length > 0) problems.push(`${unknown.length} IDs are not in the test set, e.g. ${unknown[0]}`)
  if (missing.length > 0)
    problems.push(`${missing.length} IDs of the test set are missing, e.g. ${missing[0]}`)
  return problems
}
