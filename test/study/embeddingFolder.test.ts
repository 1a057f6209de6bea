// `eosin embed`: in shards, killed and gone on with, and in lower precision; always the same bytes.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { f32, openRandom, sizeOf } from '../../src/base/index.ts'
import { writeSafetensors } from '../../src/formats/index.ts'
import { publishedVitShapes, type VitArchitecture } from '../../src/models/index.ts'
import { parseModelCard } from '../../src/weights/index.ts'
import { hashRun, killWhen } from '../cli/killing.ts'
import { type CliResult, runCli } from '../cli/runCli.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-embed-'))
const at = (...names: string[]) => join(folder, ...names)
let whole: Record<string, string>

// Embeds under the stain that counts verdicts by center.
function embed(out: string, ...more: string[]): Promise<CliResult> {
  return runCli(['embed', at('data', 'train.h5'), '--out', at(out), '--device', 'cpu', ...more])
}

beforeAll(async () => {
  expect(
    await runCli(['patches', 'make', at('data'), '--train', '90', '--val', '20', '--test', '20']),
  ).toMatchObject({
    code: 0,
  })
  const made = await embed('whole')
  expect(made).toMatchObject({ code: 0 })
  expect(made.stdout).toMatch(/90 patches x 266 dimensions/)
  whole = hashRun(at('whole'))
  expect(Object.keys(whole)).toEqual(['embeddings.npy', 'manifest.json', 'patches.csv', 'verdicts.npy'])
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('eosin embed in shards', () => {
  it('writes the bytes of one run, whatever the order, once the last shard is there', async () => {
    const second = await embed('parts', '--shard', '2/3')
    expect(second).toMatchObject({ code: 0 })
    expect(second.stdout).toMatch(/30 patches.*\n.*parts\.shard-2-of-3\nnot there yet: shard 1, shard 3/)
    expect(readdirSync(at('parts.shard-2-of-3'))).toContain('embeddings.npy')
    await embed('parts', '--shard', '3/3')
    expect(existsSync(at('parts'))).toBe(false)
    const last = await embed('parts', '--shard', '1/3', '--json')
    expect(JSON.parse(last.stdout)).toMatchObject({ count: 90, out: at('parts'), missingShards: [] })
    expect(hashRun(at('parts'))).toEqual(whole)
    expect(readdirSync(folder).filter((name) => name.startsWith('parts'))).toEqual(['parts'])
  }, 120_000)

  it('is told whole from parts of any number', async () => {
    for (let i = 1; i <= 2; i++)
      await embed('tiny', '--shard', `${i}/2`, '--extractor', 'texture', '--threads', '1')
    expect(hashRun(at('tiny'))).toEqual(whole)
  }, 120_000)

  it('does not join shards of other embeddings', async () => {
    await embed('mixed', '--shard', '1/2')
    writeFileSync(at('mixed.shard-1-of-2', 'manifest.json'), '{}\n')
    const { code, stderr } = await embed('mixed', '--shard', '2/2')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /mixed\.shard-1-of-2: expected a shard of the same embeddings, got of others; remove it/,
    )
    expect(existsSync(at('mixed'))).toBe(false)
  }, 120_000)

  it.each(['0/4', '5/4', '2', 'a/b'])('refuses the shard %s', async (shard) => {
    const { code, stderr } = await embed('refused', '--shard', shard)
    expect(code).toBe(2)
    expect(stderr).toMatch(/i\/n, from 1\/n to n\/n/)
  })
})

describe('eosin embed', () => {
  it('ends in the same bytes after a kill at any moment', async () => {
    const args = ['embed', at('data', 'train.h5'), '--out', at('killed'), '--device', 'cpu']
    const moments = ['manifest.json', 'embeddings.npy', 'patches.csv']
    for (const moment of moments) {
      await killWhen(args, () => existsSync(at('killed.work', moment)))
    }
    expect(await runCli(args)).toMatchObject({ code: 0 })
    expect(hashRun(at('killed'))).toEqual(whole)
  }, 120_000)

  it('leaves what is there as it is: the same embeddings are done, others are refused', async () => {
    expect(await embed('whole')).toMatchObject({ code: 0 })
    expect(hashRun(at('whole'))).toEqual(whole)
    const other = await runCli(['embed', at('data', 'val.h5'), '--out', at('whole')])
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(
      /whole: got a folder with something else in it; give --overwrite or another --out/,
    )
    expect(hashRun(at('whole'))).toEqual(whole)
  }, 120_000)

  it('measures on the patches themselves how near int8 is to fp32, prints it and keeps it', async () => {
    const card = {
      title: 'tiny',
      naming: 'timm',
      architecture: { width: 32, depth: 2, heads: 2, patchSize: 16, imageSize: 96 },
      preprocessing: { resize: { side: 96 } },
    }
    writeFileSync(at('tiny.json'), JSON.stringify(card))
    const architecture = parseModelCard(JSON.stringify(card), 'card').architecture as VitArchitecture
    const random = openRandom(2, 'weights')
    const draw = (shape: readonly number[]) =>
      Float32Array.from({ length: sizeOf(shape) }, () => 0.2 * random.normal())
    const tensors = Object.entries(publishedVitShapes(architecture, 'timm')).map(([name, shape]) => [
      name,
      f32(shape, draw(shape)),
    ])
    writeFileSync(at('tiny.safetensors'), writeSafetensors(Object.fromEntries(tensors)))
    const model = ['--extractor', `vit:${at('tiny.json')}`, '--set', `weights=${at('tiny.safetensors')}`]
    const { stdout, code } = await embed('rounded', ...model, 'precision=int8')
    expect(code).toBe(0)
    expect(stdout).toMatch(/cosine to fp32 on 32 of these patches: mean 0\.\d{5}, least 0\.\d{5}/)
    const kept = JSON.parse(readFileSync(at('rounded', 'agreement.json'), 'utf8'))
    expect(kept).toMatchObject({ patches: 32 })
    expect(kept.min).toBeGreaterThan(0.98)
    expect(kept.min).toBeLessThan(kept.mean)
    expect(kept.mean).toBeLessThan(1)
    await embed('exact', ...model)
    expect(existsSync(at('exact', 'agreement.json'))).toBe(false)
    for (let i = 1; i <= 2; i++) await embed('joined', ...model, 'precision=int8', '--shard', `${i}/2`)
    expect(hashRun(at('joined'))).toEqual(hashRun(at('rounded')))
  }, 120_000)
})
