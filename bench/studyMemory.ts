// The whole texture study on synthetic files of growing size: patches a second and the highest resident
// memory of the process, which must not grow with the pixels.

import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { makeChallengeData } from './challengeData.ts'

const cli = 'dist/cli/main.js'

/** `study-memory`: 10,000 and 100,000 patches; with --quick 500 and 2,000. */
export const studyMemory: BenchCase = {
  name: 'study-memory',
  about: 'the whole texture study: patches/s and peak memory at two sizes',
  async *run({ quick }) {
    for (const patches of quick ? [500, 2_000] : [10_000, 100_000]) yield await measureStudy(patches)
  },
}

async function measureStudy(patches: number): Promise<BenchLine> {
  const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-study-'))
  try {
    await writeFile(join(folder, 'recipe.yaml'), writeRecipe(makeChallengeData(patches)))
    const { seconds, peakRssMb } = await runEosin([
      'study',
      'run',
      join(folder, 'recipe.yaml'),
      '--out',
      join(folder, 'runs'),
    ])
    return {
      case: 'study-memory',
      peer: `eosin, ${patches} patches`,
      threads: 2,
      median_s: seconds,
      best_s: seconds,
      unit: 'patches',
      per_s: patches / seconds,
      peak_rss_mb: peakRssMb,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const writeRecipe = (data: string) => `name: bench
seeds: 1
data:
  train: { path: ${data}/train.h5 }
  val: { path: ${data}/val.h5 }
  test: { path: ${data}/test.h5 }
stain: [none, macenko]
embed: [texture]
classify: [mlp]
`

// Runs the command line and watches the kernel's own record of the process's highest resident memory.
function runEosin(args: readonly string[]): Promise<{ seconds: number; peakRssMb: number }> {
  if (!existsSync(cli)) throw new Error(`${cli} is not there: npm run build`)
  const started = performance.now()
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  let peakRssMb = 0
  const timer = setInterval(() => {
    peakRssMb = Math.max(peakRssMb, readPeakRss(child.pid!))
  }, 200)
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      clearInterval(timer)
      if (code !== 0) reject(new Error(`eosin ${args.join(' ')}: exit code ${code}`))
      else resolve({ seconds: (performance.now() - started) / 1000, peakRssMb })
    })
  })
}

// VmHWM in MB, Linux only; 0 where the process has just ended.
function readPeakRss(pid: number): number {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return line ? Number(line[1]) / 1024 : 0
  } catch {
    return 0
  }
}
