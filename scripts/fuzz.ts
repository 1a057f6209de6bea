// Reads damaged files of every format that Eosin takes and prints what came of them.
// Usage: npm run fuzz -- [--cases 2000] [--seed 0] [--first 0] [--formats npy,onnx]

import { parseArgs } from 'node:util'
import { fuzz } from '../test/fuzz/fuzz.ts'
import { targets } from '../test/fuzz/targets.ts'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '0' },
    first: { type: 'string', default: '0' },
    formats: { type: 'string' },
  },
})
const formats = values.formats?.split(',') ?? Object.keys(targets)
console.log('| format | cases | read | refused | faults |\n|---|--:|--:|--:|--:|')
for (const format of formats) {
  const [cases, seed, first] = [values.cases, values.seed, values.first].map(Number)
  const { faults, ...result } = await fuzz({ format, cases, seed, first })
  console.log(`| ${format} | ${cases} | ${result.values} | ${result.errors} | ${faults.length} |`)
  for (const { number, problem } of faults.slice(0, 20))
    console.error(`${format}, case ${number}: ${problem}\n`)
  if (faults.length > 0) process.exitCode = 1
}
