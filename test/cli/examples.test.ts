// Every example of every help text: its command and options exist, and where small data do for it, it is run.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-examples-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
}

function examplesOf(command: Command): string[] {
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  return [...help.matchAll(/^ {2}\$ (?:\w+=\S+ )?eosin (.+)$/gm)].map((match) => match[1])
}

const examples = leavesOf(buildProgram()).flatMap(examplesOf)

// What takes too long or needs what a test has not: parsed only.
const parsedOnly = [
  /^demo/,
  /^doctor$/,
  /^serve/,
  /^patches make data --train 100000/,
  /^stain train/,
  /^weights (pull|import|check)/,
  /recipes\/challenge/,
]

// What small data do not have: how each of these ends.
const ends: Readonly<Record<string, RegExp>> = {
  'patches info camelyon17_v1.0 --part val': /^eosin: camelyon17_v1.0: got no such file or folder/,
  'patches check camelyon17_v1.0 --part train,val,test':
    /^eosin: camelyon17_v1.0: got no such file or folder/,
  'stain compare train.h5 --methods none macenko --fits center0.json multistain':
    /^eosin: multistain: expected/,
  'embed train.h5 --extractor dinov2-small --set precision=int8 --out train-dinov2':
    /weights pull dinov2-small/,
  'embed train.h5 --extractor onnx:dinov2.onnx --out train-dinov2 --shard 2/4':
    /^eosin: dinov2.onnx: .*no such file/,
  'classify embeddings.npy --labels patches.csv --leave-out patient --folds 5':
    /^eosin: patches.csv: .*no such file/,
  'predict test.h5 --onnx pipeline.onnx': /^eosin: pipeline.onnx: .*no such file/,
  'export --run runs/dinov2 --out pipeline.onnx': /^eosin: runs.dinov2: .*no such folder/,
  'report runs/demo runs/dinov2 --out comparison.html': /^eosin: runs.dinov2: .*no such file or folder/,
  'study results runs/challenge': /^eosin: runs.challenge: .*no such folder/,
  'task run 0f3a5c0e9d1b4a7f8c2d6e5b4a392817 --study runs/challenge':
    /^eosin: runs.challenge: expected study.json of a run folder/,
  'task run --study runs/challenge --lots runs/challenge/cluster/2-embed.lots.json':
    /^eosin: environment: expected the index of an array job/,
  'study status runs/challenge': /^eosin: runs.challenge: .*no such file/,
  'study results runs/challenge --json': /^eosin: runs.challenge: .*no such folder/,
  'export --run runs/dinov2 --out pipeline.onnx --verify test.h5': /^eosin: runs.dinov2: .*no such folder/,
}

const at = (...parts: string[]) => join(folder, ...parts)
async function prepare(...args: string[]): Promise<void> {
  const { code, stderr } = await runCli(args, folder)
  expect(code, stderr).toBe(0)
}

beforeAll(async () => {
  await prepare('patches', 'make', 'made', '--train', '40', '--val', '24', '--test', '24')
  for (const split of ['train', 'val', 'test']) copyFileSync(at('made', `${split}.h5`), at(`${split}.h5`))
  writeFileSync(
    at('recipe.yaml'),
    `name: demo
seeds: 1
data: { train: { path: train.h5 }, val: { path: val.h5 }, test: { path: test.h5 } }
stain: [none]
embed: [texture]
classify: [{ head: mlp, epochs: 2 }]
`,
  )
  await prepare('study', 'run', 'recipe.yaml')
  await prepare('predict', 'test.h5', '--run', 'runs/demo')
  await prepare('embed', 'train.h5', '--out', 'embeddings/train')
  await prepare('embed', 'val.h5', '--out', 'val-texture')
  for (const name of ['a', 'b']) {
    mkdirSync(at(name))
    copyFileSync(at('predictions.csv'), at(name, 'predictions.csv'))
    copyFileSync(at('runs', 'demo', 'submission.csv'), at(`${name}.csv`))
  }
}, 180_000)

describe('the examples of the help', () => {
  it('are many', () => {
    expect(examples.length).toBeGreaterThan(25)
    expect(Object.keys(ends).filter((example) => !examples.includes(example))).toEqual([])
  })

  it.each(examples)('eosin %s has a command and options that exist', async (example) => {
    const program = buildProgram()
    let reached = ''
    for (const command of [program, ...leavesOf(program)])
      command.exitOverride().configureOutput({ writeErr: () => {} })
    for (const leaf of leavesOf(program)) leaf.action(() => void (reached = leaf.name()))
    await program.parseAsync(example.split(' '), { from: 'user' })
    expect(example.split(' ')).toContain(reached)
  })

  it.each(
    examples.filter((example) => !parsedOnly.some((rule) => rule.test(example))),
  )('eosin %s does what it says', async (example) => {
    const overwrites = /^(predict|stain compare)/.test(example) ? ['--overwrite'] : [] // two examples, one output
    const { code, stderr } = await runCli([...example.split(' '), ...overwrites], folder)
    if (ends[example]) expect(stderr).toMatch(ends[example])
    else expect(code, stderr).toBe(0)
  })
})
