// A study of the challenge from files to predictions: one recipe against the same steps in plain Python (peers/challengeTwin.py).
// Wall time, memory of all processes and lines of code; then whether both did the same: pixels, embeddings, accuracy.

import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeNpy } from '../src/formats/index.ts'
import { catalog, openParams, openRandomWeights } from '../src/weights/index.ts'
import type { BenchCase, BenchLine } from './benchCase.ts'
import { makeChallengeData } from './challengeData.ts'
import { compareTwins, countCode, type TwinFiles } from './compareTwins.ts'
import { runTree, type TreeRun } from './processTree.ts'

const name = 'challenge-twin'
const script = 'bench/peers/challengeTwin.py'
const python = '/usr/bin/python3'
const reference = '0' // the patch of train whose stains all others take
const epochs = 8
const trialPatches = 100

/** `challenge-twin`: ratio is Python's time over Eosin's; 3 is wanted. */
export const challengeTwin: BenchCase = {
  name,
  about: 'a study of 20,000 patches (--patches) from files to predictions, against the same steps in Python',
  async *run({ quick, patches = quick ? 100 : 20_000 }) {
    const data = makeChallengeData(patches)
    const trial = makeChallengeData(Math.min(patches, trialPatches))
    const folder = await mkdtemp(join(tmpdir(), 'eosin-bench-twin-'))
    const files = nameFiles(folder, data)
    try {
      const recipe = join(folder, 'recipe.yaml')
      await writeFile(recipe, writeRecipe(data, patches))
      await mkdir(files.weights)
      await writePeerWeights(files.weights)
      const load = loadavg()[0]
      const threads = hasPeer() ? await chooseThreads({ ...files, data: trial }) : null
      const own = await runTree(process.execPath, writeCommand(recipe, folder), {
        EOSIN_RATES: join(folder, 'rates.jsonl'),
      })
      const ownLine = {
        ...describeRun('eosin', availableParallelism(), patches, own, countCode(writeRecipe(data, patches))),
        load,
      }
      if (threads === null) {
        yield { ...ownLine, note: 'no peer: PyTorch and h5py of Debian are not installed' }
        return
      }
      const peer = await runPython(files, threads, patches)
      const code = countCode(await readFile(script, 'utf8'))
      yield { ...ownLine, ratio: peer.seconds / own.seconds, note: await compareTwins(files, reference) }
      yield describeRun('python with pytorch', threads, patches, peer, code)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

function nameFiles(folder: string, data: string): TwinFiles {
  return {
    data,
    run: join(folder, 'runs', 'twin'),
    weights: join(folder, 'weights'),
    check: folder,
    predictions: join(folder, 'python.csv'),
  }
}

// Small sets need small batches, or they make no steps.
const chooseBatch = (patches: number) => (patches < 4_000 ? 32 : 256)

const writeRecipe = (data: string, patches: number) => `name: twin
seeds: 1
data:
  train: { path: ${data}/train.h5 }
  val: { path: ${data}/val.h5 }
  test: { path: ${data}/test.h5 }
stain:
  - { method: macenko, compatibility: torchstain, reference: { ids: ['${reference}'] }, fallback: none }
embed:
  - { extractor: dinov2-small, weights: random, resize: [98, 98], filter: bilinear, crop: false }
classify:
  - head: mlp
    batchSize: ${chooseBatch(patches)}
    epochs: ${epochs}
    patience: ${epochs}
    schedule: constant
    decayBiasesAndNorms: true
`

const writeCommand = (recipe: string, folder: string) => {
  return ['dist/cli/main.js', 'study', 'run', recipe, '--out', join(folder, 'runs'), '--device', 'cpu']
}

function runPython(files: TwinFiles, threads: number, patches: number): Promise<TreeRun> {
  const options = { weights: files.weights, reference, epochs, batch: chooseBatch(patches), threads }
  const flags = { ...options, check: files.check, out: files.predictions }
  return runTree(python, [
    script,
    files.data,
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, `${value}`]),
  ])
}

// Python gets the number of threads that is faster on a few patches.
async function chooseThreads(files: TwinFiles): Promise<number> {
  const seconds: number[] = []
  for (const threads of [1, 2]) seconds.push((await runPython(files, threads, trialPatches)).seconds)
  return seconds[0] < seconds[1] ? 1 : 2
}

const hasPeer = () => spawnSync(python, ['-c', 'import h5py, torch']).status === 0

// The values that the recipe's `weights: random` draws, an array a file, by the names of peers/vit_torch.py.
async function writePeerWeights(folder: string): Promise<void> {
  const card = catalog['dinov2-small']
  const params = openParams(openRandomWeights(card), card)
  for (const given of Object.keys(params.shapes)) {
    if (given === 'mask_token') continue
    await writeFile(join(folder, `${renameParam(given)}.npy`), writeNpy(await params.read(given)))
  }
}

function renameParam(given: string): string {
  const renamed = { cls_token: 'token', pos_embed: 'positions' }[given]
  if (renamed) return renamed
  return given
    .replace('patch_embed.proj', 'cut')
    .replace(/\.(attn|mlp)\./, '.')
    .replace(/ls(\d)\.gamma/, 'scale$1')
}

function describeRun(
  peer: string,
  threads: number,
  patches: number,
  { seconds, peakRssMb }: TreeRun,
  code_lines: number,
): BenchLine {
  const times = { median_s: seconds, best_s: seconds, unit: 'patches', per_s: patches / seconds }
  return { case: name, peer, threads, ...times, peak_rss_mb: peakRssMb, code_lines }
}
