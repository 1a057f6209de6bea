// What a benchmark run is asked for on the command line.

import { parseArgs } from 'node:util'
import type { BenchOptions } from './benchCase.ts'

/** Cases and options of `npm run bench`. */
export interface BenchArguments {
  /** Cases by name; all where there are none. */
  readonly names: readonly string[]
  readonly options: BenchOptions
  readonly json: boolean
  readonly record: boolean
  /** The history to compare with; null where nothing is compared. */
  readonly against: string | null
  /** Exit code 1 where Eosin fell behind its history. */
  readonly fail: boolean
}

/** Where figures are kept. */
export const historyFile = 'bench/history.jsonl'

/** Reads the command line. Throws TypeError for what is not known or does not go together. */
export function readArguments(given: readonly string[]): BenchArguments {
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      repeats: { type: 'string', default: '5' },
      heads: { type: 'string' },
      patches: { type: 'string' },
      device: { type: 'string' },
      record: { type: 'boolean', default: false },
      against: { type: 'string' },
      fail: { type: 'boolean', default: false },
    },
  })
  const { json, quick, record, fail } = values
  if (quick && (record || values.against !== undefined))
    throw new TypeError('--quick only shows that a case works: its figures are neither kept nor compared')
  if (fail && values.against === undefined) throw new TypeError('--fail needs --against history')
  const [heads, patches] = [values.heads, values.patches].map((text) => (text ? Number(text) : undefined))
  return {
    names: positionals,
    options: { repeats: Number(values.repeats), quick, heads, patches, device: values.device },
    json,
    record,
    against:
      values.against === undefined ? null : values.against === 'history' ? historyFile : values.against,
    fail,
  }
}
