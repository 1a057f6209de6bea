// How often the 95 % intervals and tests that Eosin prints are right, where slides differ as scripts/intervals/slideModel.ts
// has it. Prints the tables of docs/evaluate.md.
// Usage: npx tsx scripts/simulateIntervals.ts [replications] [seed] [tables, such as figures or ties; default: all]

import { differences, ties } from './intervals/comparisons.ts'
import { deals } from './intervals/deals.ts'
import { forecasts } from './intervals/forecasts.ts'
import { calibration, figures, riskCoverage, sensitivities, singlePatches } from './intervals/patchFigures.ts'
import { patientsAlike, patientsApart } from './intervals/patients.ts'
import { signatures } from './intervals/signatures.ts'
import { average, nameSetting, settings } from './intervals/simulation.ts'
import { screening, shares } from './intervals/units.ts'

const [replications = 400, seed = 0] = process.argv.slice(2, 4).map(Number)
const wanted = process.argv.slice(4)
const simulations = [
  figures,
  sensitivities,
  riskCoverage,
  singlePatches,
  calibration,
  shares,
  screening,
  patientsAlike,
  patientsApart,
  differences,
  ties,
  deals,
  forecasts,
  signatures,
]

const printRow = (cells: readonly (string | number)[]) =>
  console.log(`| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(3) : cell)).join(' | ')} |`)

const error = Math.sqrt((0.95 * 0.05) / replications)
console.log(`${replications} replications: 0.950 is known to within ${error.toFixed(4)} (standard error)`)
for (const simulation of simulations) {
  const { name, columns } = simulation
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const prepared = simulation.prepare(seed)
  console.log(`\n${name}: ${prepared.truth}\n`)
  printRow(['slides', ...columns])
  printRow(['slides', ...columns].map(() => '---'))
  for (const setting of simulation.settings ?? settings)
    printRow([nameSetting(setting), ...(await average(name, prepared, setting, { replications, seed }))])
}
