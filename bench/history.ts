// Figures of earlier commits, a JSON line each (bench/history.jsonl): what `--record` adds to and `--against history` compares with.

import { spawnSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { DataError } from '../src/base/index.ts'
import type { BenchLine } from './benchCase.ts'
import { isAlike, type Machine } from './machine.ts'

/** One figure that was kept. */
export interface HistoryLine {
  /** Day, as 2026-11-30. */
  readonly date: string
  /** Of the code that was measured; with a `+` where files were changed since. */
  readonly commit: string
  readonly case: string
  readonly peer: string
  readonly threads: number
  readonly unit: string
  readonly per_s: number
  readonly ratio?: number
  readonly share?: number
  /** The provider that networks ran on; `cpu` where it is left out. */
  readonly device?: string
  readonly processor: string
  readonly cores: number
  readonly features: readonly string[] | null
  readonly node?: string
  readonly onnxruntime?: string
  /** Where it was taken from, if `--record` did not write it. */
  readonly source?: string
}

/** Reads a history. Throws DataError naming the line that is none. */
export function parseHistory(text: string, where: string): HistoryLine[] {
  return text.split('\n').flatMap((line, at) => (line.trim() ? [parseLine(line, `${where}:${at + 1}`)] : []))
}

const kinds = {
  date: 'string',
  commit: 'string',
  case: 'string',
  peer: 'string',
  threads: 'number',
  unit: 'string',
  per_s: 'number',
  processor: 'string',
  cores: 'number',
} as const

function parseLine(text: string, where: string): HistoryLine {
  let line: Record<string, unknown>
  try {
    line = JSON.parse(text)
  } catch (cause) {
    throw new DataError({ where, expected: 'a JSON object', got: text }, cause)
  }
  for (const [name, kind] of Object.entries(kinds)) {
    if (typeof line?.[name] !== kind)
      throw new DataError({
        where,
        expected: `${name}: a ${kind}`,
        got: JSON.stringify(line?.[name]) ?? 'nothing',
      })
  }
  const { features, per_s } = line
  if (features !== null && !(Array.isArray(features) && features.every((name) => typeof name === 'string')))
    throw new DataError({
      where,
      expected: 'features: names, or null',
      got: JSON.stringify(features) ?? 'nothing',
    })
  if (!((per_s as number) > 0)) throw new DataError({ where, expected: 'per_s above 0', got: String(per_s) })
  return line as unknown as HistoryLine
}

/** A measurement as it is kept. */
export function toHistory(
  line: BenchLine,
  machine: Machine,
  made: { date: string; commit: string },
  device?: string,
): HistoryLine {
  const { peer, threads, unit, per_s, ratio, share } = line
  const figures = { per_s: round(per_s), ratio: round(ratio), share: round(share) }
  return { ...made, case: line.case, peer, threads, unit, ...figures, device, ...machine } as HistoryLine
}

const round = (value: number | undefined) => (value === undefined ? undefined : Number(value.toPrecision(4)))

/** Adds lines at the end of a history. */
export function appendHistory(path: string, lines: readonly HistoryLine[]): void {
  appendFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

/** Today, and the commit that is checked out. */
export function findCommit(): { date: string; commit: string } {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty=+', '--exclude=*'], {
    encoding: 'utf8',
  })
  return { date: new Date().toISOString().slice(0, 10), commit: stdout?.trim() || 'unknown' }
}

/** How a measurement stands to the latest one of its kind on such a machine. */
export interface Comparison {
  /** `fell` where Eosin became slower by more than a tenth, and not merely as its peer did; `slower` for all other falls. */
  readonly verdict: 'fell' | 'slower' | 'held' | 'rose' | 'new'
  readonly text: string
}

// Of these cases the ratio is a time over another time: less is better.
const costRatios = new Set(['study-grid', 'head-grid', 'forecast'])
const tenth = 0.1

/**
 * Compares the lines of one case by their rates. A fall that the peer of the same run shared (the ratio held) is the
 * machine's; lines without a ratio are judged by how that peer changed.
 */
export function compareCase(
  lines: readonly BenchLine[],
  machine: Machine,
  history: readonly HistoryLine[],
  device = 'cpu',
): Comparison[] {
  const kin = history.filter((earlier) => (earlier.device ?? 'cpu') === device)
  const found = lines.map((line) => {
    const same = kin.filter((earlier) => isSame(earlier, line))
    const last = same
      .filter((earlier) => isAlike(earlier, machine))
      .reduce<HistoryLine | undefined>(later, undefined)
    return { line, last, isElsewhere: same.length > 0 }
  })
  const pace = found.map(({ line, last }) => last && measurePace(line, last)).find((each) => each)
  return found.map(({ line, last, isElsewhere }) =>
    last ? judge(line, last, pace) : sayNew(line, machine, isElsewhere),
  )
}

const nameLine = ({ case: name, peer, threads }: BenchLine) =>
  `${name}, ${peer}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`

function sayNew(line: BenchLine, { features, cores }: Machine, isElsewhere: boolean): Comparison {
  const place = features ? features.join(' ') || 'none of the known features' : 'unknown features'
  const others = isElsewhere ? ', only for others' : ''
  return {
    verdict: 'new',
    text: `${nameLine(line)}: no earlier figure for ${cores} cores with ${place}${others}`,
  }
}

// How the peer's rate changed, from Eosin's rate and ratio.
function measurePace(line: BenchLine, last: HistoryLine): number | undefined {
  if (costRatios.has(line.case) || !line.ratio || !last.ratio) return undefined
  return line.per_s / last.per_s / (line.ratio / last.ratio)
}

function judge(line: BenchLine, last: HistoryLine, pace: number | undefined): Comparison {
  const change = line.per_s / last.per_s - 1
  const [now, then] = [line, last].map(({ per_s }) => `${sayRate(per_s)} ${line.unit}/s`)
  const was = `(${then} at ${last.commit} on ${last.date}, now ${now})`
  const name = nameLine(line)
  if (Math.abs(change) <= tenth) return { verdict: 'held', text: `${name}: as it was ${was}` }
  if (change > 0) return { verdict: 'rose', text: `${name}: faster by ${percent(change)} ${was}` }
  const { isOurs, why } = explainFall(line, last, pace)
  return { verdict: isOurs ? 'fell' : 'slower', text: `${name}: fell by ${percent(-change)} ${was}; ${why}` }
}

function explainFall(line: BenchLine, last: HistoryLine, pace: number | undefined) {
  if (!line.peer.startsWith('eosin')) return { isOurs: false, why: "not Eosin's: the machine's" }
  for (const key of ['ratio', 'share'] as const) {
    const [now, then] = [line[key], last[key]]
    if (now === undefined || then === undefined) continue
    const kept = key === 'ratio' && costRatios.has(line.case) ? then / now : now / then
    const why = `its ${key} was ${then.toFixed(2)}, is ${now.toFixed(2)}`
    return kept < 1 - tenth ? { isOurs: true, why } : { isOurs: false, why: `${why}: the machine's` }
  }
  if (pace === undefined)
    return { isOurs: true, why: 'no ratio tells the machine from the code: measure again' }
  const isOurs = line.per_s / last.per_s / pace < 1 - tenth
  const why = `the case's peer has ${percent(pace)} of its speed then`
  return isOurs ? { isOurs, why } : { isOurs, why: `${why}: the machine's` }
}

const sayRate = (rate: number) => Number(rate.toPrecision(4)).toLocaleString('en')

// Figures in a peer's name, its version or a time, do not tell it from itself.
const plainPeer = (peer: string) => peer.replaceAll(/\d+(\.\d+)+\w*/g, '#')

function isSame(earlier: HistoryLine, line: BenchLine): boolean {
  return (
    earlier.case === line.case &&
    plainPeer(earlier.peer) === plainPeer(line.peer) &&
    earlier.threads === line.threads &&
    earlier.unit === line.unit
  )
}

const later = (a: HistoryLine | undefined, b: HistoryLine) => (a && a.date > b.date ? a : b)

const percent = (share: number) => `${Math.round(100 * share)} %`
