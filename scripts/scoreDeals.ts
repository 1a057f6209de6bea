// How the cells of one recipe do over several deals of the same images to centers, with the test labels that the studies
// never saw: mean accuracy with a 95 % interval by source image, and each cell's gain over another with its paired interval.
// Prints the table of docs/evaluate.md.
// Usage: npx tsx scripts/scoreDeals.ts BASELINE_CELL RUN=TRUTH.csv ...   (TRUTH: id, label, slide = source image)

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../src/base/index.ts'
import { adjustHolm, alignTables, evaluate, pairedDifference, summarize } from '../src/evaluate/index.ts'
import { readCsvFile } from '../src/files/index.ts'
import type { Metrics } from '../src/runs/index.ts'

interface Deal {
  readonly labels: Uint8Array
  readonly sources: readonly string[]
  readonly probabilities: ReadonlyMap<string, Float32Array>
}

const [baseline, ...pairs] = process.argv.slice(2)
if (pairs.length === 0)
  throw new UsageError({ where: 'scoreDeals', expected: 'BASELINE_CELL RUN=TRUTH.csv ...', got: 'less' })
const deals: Deal[] = []
for (const pair of pairs) deals.push(await readDeal(pair))
const names = [...deals[0].probabilities.keys()].filter((name) =>
  deals.every((deal) => deal.probabilities.has(name)),
)
const labels = Uint8Array.from(deals.flatMap((deal) => [...deal.labels]))
const slides = deals.flatMap((deal) => deal.sources)

console.log(`${deals.length} deals, ${labels.length} patches of ${new Set(slides).size} source images`)
printRow([
  'cell',
  ...deals.map((_, i) => `${i + 1}`),
  'accuracy',
  'AUROC',
  `gain over ${baseline}`,
  'p (Holm)',
])
printRow(['---', ...deals.map(() => '---'), '---', '---', '---', '---'])
const pooled = new Map(names.map((name) => [name, pool(name)]))
const gains = names.map((name) =>
  pairedDifference({ labels, a: pooled.get(name)!, b: pooled.get(baseline)!, slides }),
)
const adjusted = adjustHolm(gains.filter((_, i) => names[i] !== baseline).map(({ p }) => p))
for (const [i, name] of names.entries()) {
  const { accuracy, auroc } = evaluate({ labels, probabilities: pooled.get(name)!, slides, seed: 0 })
  const each = deals.map((deal) => score(deal, name).toFixed(3))
  const p = adjusted[i - Number(i > names.indexOf(baseline))]
  const gain =
    name === baseline ? ['', ''] : [signed(gains[i].difference), p < 0.001 ? '<0.001' : p.toFixed(3)]
  printRow([name, ...each, span(accuracy), auroc ? span(auroc) : '', ...gain])
}

// The cell that was chosen in each deal, and its refit, stand beside the cells.
async function readDeal(pair: string): Promise<Deal> {
  const [run, truth] = pair.split('=')
  const metrics = JSON.parse(await readFile(join(run, 'metrics.json'), 'utf8')) as Metrics
  const where = `${run}/predictions.csv`
  const predictions = { where, columns: await readCsvFile(where) }
  const told = { where: truth, columns: await readCsvFile(truth) }
  const read = (column: string) => alignTables({ predictions, labels: told, column, split: 'test' })
  const cells = [...metrics.cells.map(({ id }) => id), ...('refit' in predictions.columns ? ['refit'] : [])]
  const probabilities = new Map(cells.map((cell) => [cell, read(cell).probabilities]))
  probabilities.set(`chosen`, probabilities.get(metrics.chosen)!)
  const { labels, slides } = read(cells[0])
  return { labels: Uint8Array.from(labels), sources: slides!, probabilities }
}

function pool(name: string): Float32Array {
  return Float32Array.from(deals.flatMap((deal) => [...deal.probabilities.get(name)!]))
}

function score({ labels, probabilities }: Deal, name: string): number {
  return summarize({ labels, probabilities: probabilities.get(name)! }).accuracy
}

function span({ value, low, high }: { value: number; low: number; high: number }): string {
  return `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`
}

function signed({ value, low, high }: { value: number; low: number; high: number }): string {
  const sign = (x: number) => `${x < 0 ? '-' : '+'}${Math.abs(x).toFixed(3)}`
  return `${sign(value)} (${sign(low)} to ${sign(high)})`
}

function printRow(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}
