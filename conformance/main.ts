// npm run conformance -- DIR: runs every fixture folder in DIR against Eosin, picked by the folder name's
// prefix, and prints each one's largest error beside its tolerance.

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkDavit } from './davit.ts'
import { checkGan } from './gan.ts'
import { checkMlp } from './mlp.ts'
import { checkPreprocess } from './preprocess.ts'
import type { ConformanceResult } from './result.ts'
import { checkStain } from './stain.ts'
import { checkVit } from './vit.ts'

type Check = (folder: string) => Promise<ConformanceResult[]>

// A prefix whose check is null names a kind that Eosin knows but does not support yet.
const checks: Readonly<Record<string, Check | null>> = {
  mlp_: checkMlp,
  stain_: checkStain,
  preprocess: checkPreprocess,
  cv2_: checkStain,
  dinov2_: checkVit,
  timm_: checkVit,
  davit_: checkDavit,
  cyclegan_: checkGan,
  multistain_: checkGan,
}

type Outcome = 'passed' | 'failed' | 'skipped'

async function runFolder(folder: string, name: string): Promise<Outcome> {
  const prefix = Object.keys(checks).find((candidate) => name.startsWith(candidate))
  if (prefix === undefined) return tell('failed', name, 'unknown kind of fixture')
  if (name === 'stain_images') return tell('skipped', name, 'inputs of the other stain fixtures')
  const check = checks[prefix]
  if (!check) return tell('skipped', name, 'not yet supported')
  try {
    return judge(name, await check(join(folder, name)))
  } catch (error) {
    return tell('failed', name, (error as Error).message)
  }
}

// The worst result is the one with the largest error relative to its tolerance; exact ones have tolerance 0.
function judge(name: string, results: readonly ConformanceResult[]): Outcome {
  if (results.length === 0) return tell('failed', name, 'the check compared nothing')
  const ratio = ({ error, tolerance }: ConformanceResult) => (error === 0 ? 0 : error / tolerance)
  const worst = results.reduce((a, b) => (ratio(b) > ratio(a) || Number.isNaN(b.error) ? b : a))
  const missed = results.filter(({ error, tolerance }) => !(error <= tolerance))
  const said = `${worst.quantity}: error ${worst.error.toExponential(2)}, tolerance ${worst.tolerance.toExponential(2)}`
  if (missed.length === 0) return tell('passed', name, `${said} (${results.length} quantities)`)
  return tell('failed', name, `${said} (${missed.length} of ${results.length} quantities missed)`)
}

function tell(outcome: Outcome, name: string, said: string): Outcome {
  console.log(`${outcome.padEnd(8)}${name.padEnd(40)}${said}`)
  return outcome
}

async function main(): Promise<void> {
  const folder = process.argv[2]
  if (!folder || !existsSync(folder)) {
    console.error('usage: npm run conformance -- DIR   where DIR holds fixture folders')
    process.exit(2)
  }
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const outcomes: Outcome[] = []
  for (const name of names.sort()) outcomes.push(await runFolder(folder, name))
  const count = (outcome: Outcome) => outcomes.filter((other) => other === outcome).length
  if (count('skipped') > 0) console.log(`${count('skipped')} skipped`)
  console.log(`${count('passed')} passed, ${count('failed')} failed`)
  process.exitCode = count('failed') > 0 ? 1 : 0
}

await main()
