// npm run bench -- CASE... [--json] [--repeats N] [--quick] [--heads N] [--patches N] [--device D] [--record]
// [--against history [--fail]]: runs benchmark cases and prints a line for each measurement, Eosin's and, where one can be
// had, its peer's from the same run. CONTRIBUTING says how figures are kept and compared.

import { readFileSync } from 'node:fs'
import { EosinError } from '../src/base/index.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { type BenchArguments, historyFile, readArguments } from './benchOptions.ts'
import { challengeTwin } from './challengeTwin.ts'
import { cycleganStep } from './cycleganStep.ts'
import { embedModels } from './embedModels.ts'
import { embedVits14, embedVits14Int8 } from './embedVits14.ts'
import { finetuneVits14 } from './finetuneVits14.ts'
import { forecast } from './forecast.ts'
import { cycleganInfer, distilled } from './ganInfer.ts'
import { gemm } from './gemm.ts'
import { headGrid } from './headGrid.ts'
import {
  appendHistory,
  compareCase,
  findCommit,
  type HistoryLine,
  parseHistory,
  toHistory,
} from './history.ts'
import { describeMachine } from './machine.ts'
import { mlpEpoch } from './mlpEpoch.ts'
import { findPeerBlas, warnOfBlas } from './peerBlas.ts'
import { predict } from './predict.ts'
import { readHdf5 } from './readHdf5.ts'
import { stainCases } from './stain.ts'
import { studyCached } from './studyCached.ts'
import { studyGrid } from './studyGrid.ts'
import { studyHeads } from './studyHeads.ts'
import { studyMemory } from './studyMemory.ts'
import { studyPlan } from './studyPlan.ts'
import { texture } from './texture.ts'
import { workbench } from './workbench.ts'

const cases: readonly BenchCase[] = [
  gemm,
  mlpEpoch,
  finetuneVits14,
  cycleganStep,
  cycleganInfer,
  distilled,
  embedVits14,
  embedVits14Int8,
  ...embedModels,
  predict,
  readHdf5,
  texture,
  studyHeads,
  headGrid,
  studyMemory,
  studyPlan,
  studyCached,
  studyGrid,
  forecast,
  challengeTwin,
  workbench,
  ...stainCases,
]

const machine = describeMachine()
const blas = findPeerBlas()
const peersOfPython = /^(pytorch|numpy|python|h5py|scikit)/

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const given = readArguments(process.argv.slice(2))
    const names = given.names.length ? given.names : cases.map(({ name }) => name)
    const unknown = names.find((name) => !cases.some((known) => known.name === name))
    const { device = 'cpu' } = given.options
    const fixed = cases.find(({ name, takesDevice }) => names.includes(name) && !takesDevice)
    if (device !== 'cpu' && fixed)
      throw new TypeError(`${fixed.name} runs on the processor: it takes no --device`)
    if (unknown === undefined) return await runCases(given, names)
    console.error(`bench: no case '${unknown}'; there are:`)
    for (const { name, about } of cases) console.error(`  ${name.padEnd(27)}${about}`)
    return 2
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof EosinError)) throw error
    console.error(`bench: ${error.message}`)
    return error instanceof EosinError ? error.exitCode : 2
  }
}

async function runCases(given: BenchArguments, names: readonly string[]): Promise<number> {
  const { json, options, against } = given
  const history = against === null ? null : parseHistory(readFileSync(against, 'utf8'), against)
  const warning = warnOfBlas(blas)
  if (warning) console.error(`bench: ${warning}`)
  let fell = 0
  for (const { name, run } of cases.filter((known) => names.includes(known.name))) {
    if (!json) console.log(name)
    const lines: BenchLine[] = []
    for await (const line of run(options)) {
      lines.push(line)
      print(line, given)
    }
    if (history) fell += sayChanges(lines, history, given)
    if (given.record) record(lines, options.device)
  }
  return given.fail && fell > 0 ? 1 : 0
}

// How many of Eosin's figures fell. What is said goes to standard error beside JSON.
function sayChanges(
  lines: readonly BenchLine[],
  history: readonly HistoryLine[],
  given: BenchArguments,
): number {
  const found = compareCase(lines, machine, history, given.options.device)
  const marks = { fell: '!!', slower: ' !', held: '  ', rose: ' +', new: '  ' }
  for (const { verdict, text } of found)
    (given.json ? console.error : console.log)(`  ${marks[verdict]} ${text}`)
  return found.filter(({ verdict }) => verdict === 'fell').length
}

function record(lines: readonly BenchLine[], device: string | undefined): void {
  if (blas === 'reference' && lines.some(({ peer }) => peersOfPython.test(peer))) {
    console.error(`bench: ${lines[0].case} is not recorded: its peer ran on the reference BLAS`)
    return
  }
  const made = findCommit()
  appendHistory(
    historyFile,
    lines.map((line) => toHistory(line, machine, made, device)),
  )
}

function print(line: BenchLine, { json, options }: BenchArguments): void {
  if (json) {
    console.log(JSON.stringify({ ...line, device: options.device ?? 'cpu', ...machine }))
    return
  }
  const extra = [
    line.ratio !== undefined && `${line.ratio.toFixed(2)}x`,
    line.share !== undefined && `${line.share.toFixed(2)} of the products' rate`,
    line.load !== undefined && `load ${line.load.toFixed(1)}`,
    line.peak_rss_mb !== undefined && `peak ${Math.round(line.peak_rss_mb)} MB`,
    line.code_lines !== undefined && `${line.code_lines} lines of code`,
  ].filter(Boolean)
  const rate = `${line.per_s.toFixed(line.per_s < 100 ? 2 : 0)} ${line.unit}/s`
  console.log(
    `  ${line.peer.padEnd(28)}${String(line.threads).padStart(2)} threads  ${rate.padStart(20)}  ${extra.join('  ')}`,
  )
  if (line.note) console.log(`    ${line.note}`)
}
