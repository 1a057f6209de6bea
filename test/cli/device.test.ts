// --device: a GPU that is asked for and is not there is an error in every command that has the option, also where nothing
// would run on it; one that is there and is not used by a part of the work is said.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { describeIdle, listProviders, nameEngines, type ProviderChoice } from '../../src/engine/index.ts'
import { listDeviceParts, noAdaptation } from '../../src/recipe/index.ts'
import { headInputs } from '../../src/study/steps/trainHead.ts'
import { keyOf } from '../../src/tasks/index.ts'
import { runCli } from './runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-device-'))
const at = (...parts: string[]) => join(folder, ...parts)
const software = '/usr/lib/chromium/vk_swiftshader_icd.json'
const hasWebGpu = listProviders().includes('webgpu') && process.platform === 'linux'

beforeAll(async () => {
  const patches = at('data', 'val.h5')
  writeFileSync(
    at('recipe.yaml'),
    `name: small
seeds: 1
data: { train: { path: data/train.h5 }, val: { path: data/val.h5 } }
stain: [none, macenko]
embed: [texture]
classify: [logistic]
`,
  )
  for (const args of [
    ['patches', 'make', at('data'), '--train', '60', '--val', '24', '--test', '24'],
    ['study', 'run', at('recipe.yaml'), '--out', at('runs'), '--device', 'cpu'],
    ['stain', 'fit', patches, '--method', 'macenko', '--out', at('fit.json')],
  ])
    expect(await runCli(args)).toMatchObject({ code: 0 })
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.unstubAllEnvs())

const patches = at('data', 'val.h5')
/** A use of every command that takes a device. */
const uses: Readonly<Record<string, readonly string[]>> = {
  'study run': ['study', 'run', at('recipe.yaml'), '--out', at('other')],
  'study plan': ['study', 'plan', at('recipe.yaml'), '--out', at('runs')],
  'stain apply': ['stain', 'apply', patches, '--fit', at('fit.json'), '--out', at('applied.h5')],
  'stain compare': [
    'stain',
    'compare',
    patches,
    '--methods',
    'none',
    'macenko',
    '--out',
    at('compared.html'),
  ],
  'stain train': [
    'stain',
    'train',
    patches,
    '--method',
    'multistain',
    '--preset',
    'small',
    '--out',
    at('trained'),
  ],
  embed: ['embed', patches, '--out', at('embedded')],
  predict: ['predict', patches, '--run', at('runs', 'small'), '--out', at('predicted.csv')],
  export: ['export', '--run', at('runs', 'small'), '--out', at('pipeline.onnx')],
  'weights check': ['weights', 'check', 'dinov2-small', at('weights.safetensors')],
}

function listDeviceCommands(command: Command, path: readonly string[] = []): string[] {
  const own = command.options.some(({ long }) => long === '--device') ? [path.join(' ')] : []
  return [...own, ...command.commands.flatMap((inner) => listDeviceCommands(inner, [...path, inner.name()]))]
}

describe('a GPU that is asked for and is not there', () => {
  it('is tried here in every command that has --device', () => {
    // `cache prune` computes nothing: the device only says whose entries are meant.
    const computing = listDeviceCommands(buildProgram()).filter((name) => name !== 'cache prune')
    expect(computing.sort()).toEqual(Object.keys(uses).sort())
  })

  it.skipIf(!hasWebGpu).each(Object.keys(uses))('is an error of %s (Linux x64)', async (name) => {
    vi.stubEnv('VK_ICD_FILENAMES', '/nowhere.json')
    const { code, stderr } = await runCli([...uses[name], '--device', 'webgpu'])
    expect(stderr).toMatch(/eosin: --device webgpu: expected any GPU with .+, got not usable on this machine/)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(code).toBe(1)
  })

  it.skipIf(!hasWebGpu)('may be asked for by EOSIN_DEVICE (Linux x64)', async () => {
    vi.stubEnv('VK_ICD_FILENAMES', '/nowhere.json')
    vi.stubEnv('EOSIN_DEVICE', 'webgpu')
    expect(await runCli(uses.embed)).toMatchObject({ code: 1 })
  })
})

describe.skipIf(!hasWebGpu || !existsSync(software))(
  'a GPU that is there (skipped without a Vulkan driver in software)',
  () => {
    it.each([
      ['study run', 'stain macenko, extractor texture, head logistic run'],
      ['study plan', 'stain macenko, extractor texture, head logistic run'],
      ['embed', 'extractor texture runs'],
      ['stain apply', 'stain macenko runs'],
      ['predict', '(stain macenko, )?extractor texture, head logistic run'],
    ])('and that %s does not use is said in one line', async (name, parts) => {
      vi.stubEnv('VK_ICD_FILENAMES', software)
      const { code, stderr } = await runCli([...uses[name], '--device', 'webgpu'])
      const line = new RegExp(
        `^--device webgpu: ${parts} on the processor, and nothing here uses the device$`,
        'm',
      )
      expect([code, stderr]).toEqual([0, expect.stringMatching(line)])
    })
  },
)

describe('the key of a head', () => {
  const noData = { embeddings: {}, rows: [], labels: [], fold: null, aligned: null }
  const keyOn = (name: string, device: ProviderChoice) =>
    keyOf(headInputs({ label: name, name, options: {} }, noAdaptation, noData, 0, nameEngines(device)))

  it.skipIf(!hasWebGpu)(
    'knows the GPU of one that was trained on it, and no device of any other (Linux x64)',
    () => {
      expect(keyOn('finetune', 'webgpu')).not.toBe(keyOn('finetune', 'cpu'))
      for (const name of ['mlp', 'logistic', 'knn']) expect(keyOn(name, 'webgpu')).toBe(keyOn(name, 'cpu'))
    },
  )
})

describe('describeIdle', () => {
  const parts = listDeviceParts({
    stain: ['none', 'macenko', 'cyclegan'],
    embed: ['texture', 'onnx:/a/b.onnx', 'dinov2-small', 'texture'],
    classify: ['mlp', 'knn', 'finetune'],
  })

  it('names what runs on the processor, once', () => {
    expect(describeIdle('cuda', parts)).toBe(
      '--device cuda: stain macenko, extractor texture, head mlp, head knn run on the processor',
    )
    expect(parts.filter(({ usesDevice }) => usesDevice).map(({ name }) => name)).toEqual([
      'stain cyclegan',
      'extractor onnx',
      'extractor dinov2-small',
      'head finetune',
    ])
  })

  it('says nothing where no GPU was asked for, or everything uses it', () => {
    for (const device of ['auto', 'cpu'] as const) expect(describeIdle(device, parts)).toBeNull()
    expect(
      describeIdle(
        'cuda',
        parts.filter(({ usesDevice }) => usesDevice),
      ),
    ).toBeNull()
  })
})
