// npm run bench -- CASE... [--json] [--repeats N] [--quick] [--heads N] [--patches N]: runs benchmark cases and prints a line for each
// measurement, Eosin's and, where one can be had, its peer's from the same run.

import { parseArgs } from 'node:util'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { challengeTwin } from './challengeTwin.ts'
import { cycleganStep } from './cycleganStep.ts'
import { embedModels } from './embedModels.ts'
import { embedVits14, embedVits14Int8 } from './embedVits14.ts'
import { finetuneVits14 } from './finetuneVits14.ts'
import { forecast } from './forecast.ts'
import { cycleganInfer, distilled } from './ganInfer.ts'
import { gemm } from './gemm.ts'
import { headGrid } from './headGrid.ts'
import { mlpEpoch } from './mlpEpoch.ts'
import { findPeerBlas, warnOfBlas } from './peerBlas.ts'
import { readHdf5 } from './readHdf5.ts'
import { stainCases } from './stain.ts'
import { studyCached } from './studyCached.ts'
import { studyGrid } from './studyGrid.ts'
import { studyHeads } from './studyHeads.ts'
import { studyMemory } from './studyMemory.ts'
import { studyPlan } from './studyPlan.ts'
import { texture } from './texture.ts'

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
  ...stainCases,
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '5' },
    heads: { type: 'string' },
    patches: { type: 'string' },
  },
})

const wanted = positionals.length ? positionals : cases.map(({ name }) => name)
const unknown = wanted.filter((name) => !cases.some((known) => known.name === name))
if (unknown.length > 0) {
  console.error(`bench: no case '${unknown[0]}'; there are:`)
  for (const { name, about } of cases) console.error(`  ${name.padEnd(24)}${about}`)
  process.exit(2)
}
const warning = warnOfBlas(findPeerBlas())
if (warning) console.error(warning)
for (const { name, run } of cases.filter((known) => wanted.includes(known.name))) {
  if (!values.json) console.log(name)
  const { quick } = values
  const [heads, patches] = [values.heads, values.patches].map((given) => (given ? Number(given) : undefined))
  for await (const line of run({ repeats: Number(values.repeats), quick, heads, patches })) print(line)
}

function print(line: BenchLine): void {
  if (values.json) {
    console.log(JSON.stringify(line))
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
