import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { f32, ndarray, pixels, sizeOf } from '../../src/base/index.ts'
import { addWeights } from '../../src/cli/commands/weights.ts'
import { makeSmokePatch, openExtractor } from '../../src/embed/index.ts'
import { encodePng } from '../../src/files/index.ts'
import { writeNpy, writeSafetensors } from '../../src/formats/index.ts'
import { parseModelCard, publishedShapes } from '../../src/weights/index.ts'
import { type HubServer, sha256, startHub } from '../weights/hubServer.ts'
import { runCli, startCli } from './runCli.ts'

const description = JSON.stringify({
  title: 'Tiny',
  repo: 'org/model',
  architecture: { width: 8, depth: 1, heads: 2, patchSize: 16, imageSize: 32 },
})
const shapes = publishedShapes(parseModelCard(description, 'tiny.json'))
const tensors = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, f32(shape)]))
const weights = Buffer.from(writeSafetensors(tensors))

let folder: string
let card: string
let file: string
let hub: HubServer

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eosin-weights-cli-'))
  card = join(folder, 'tiny.json')
  file = join(folder, 'tiny.bin')
  writeFileSync(card, description)
  writeFileSync(file, weights)
  hub = await startHub({ 'model.safetensors': { content: weights, lfs: true } })
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'))
  vi.stubEnv('HF_HOME', folder)
  vi.stubEnv('HF_ENDPOINT', hub.endpoint)
  vi.stubEnv('HF_TOKEN', '')
  vi.stubEnv('HF_HUB_OFFLINE', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
  rmSync(folder, { recursive: true })
})

async function eosin(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const err = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const text = (spy: typeof out) => spy.mock.calls.map(([chunk]) => String(chunk)).join('')
  try {
    const program = new Command('eosin').exitOverride()
    addWeights(program)
    await program.parseAsync(['weights', ...args], { from: 'user' })
    return { out: text(out), err: text(err), code: Number(process.exitCode ?? 0) }
  } finally {
    process.exitCode = undefined
    out.mockRestore()
    err.mockRestore()
  }
}

describe('eosin weights', () => {
  it('lists the models with licence and what they were trained on', async () => {
    const { out } = await eosin('list')
    expect(out).toMatch(/^dinov2-small +- +22 +384 +Apache-2\.0 +LVD-142M$/m)
    expect(out).toMatch(/^medimageinsight \* .*\(!\) PatchCamelyon/m)
    const models = JSON.parse((await eosin('list', '--json')).out)
    expect(models.find(({ name }: { name: string }) => name === 'uni')).toMatchObject({
      gated: true,
      embedding: { size: 1024 },
      path: null,
    })
  })

  it('pulls, then finds it offline, then checks it', async () => {
    const pulled = await eosin('pull', 'tiny', '--card', card)
    expect(pulled.out).toMatch(/model\.safetensors {2}[\d,]+ bytes\n$/)
    expect(pulled.err).toMatch(/Tiny: not stated\n.*not confirmed: described by its user/)
    const requests = hub.seen.length
    expect((await eosin('pull', 'tiny', '--card', card, '--offline')).out).toMatch(/model\.safetensors\n$/)
    expect(hub.seen).toHaveLength(requests)
    const { out, code } = await eosin('check', 'tiny', '--card', card, '--json')
    expect(JSON.parse(out)).toMatchObject({
      format: 'safetensors',
      naming: 'timm',
      nonFinite: [],
      hash: true,
      fits: true,
    })
    expect(code).toBe(0)
  })

  it('goes on where it was killed, and ends with the same bytes', async () => {
    hub.faults.holdAfter = { bytes: 2000, times: 1 }
    const killed = startCli(['weights', 'pull', 'tiny', '--card', card])
    const incomplete = join(folder, 'cache/models--org--model/blobs', `${sha256(weights)}.incomplete`)
    await expect
      .poll(() => existsSync(incomplete) && statSync(incomplete).size, { timeout: 20_000 })
      .toBe(2000)
    killed.child.kill('SIGKILL')
    await killed.done
    const { code, stdout } = await runCli(['weights', 'pull', 'tiny', '--card', card, '--json'])
    expect(code).toBe(0)
    expect(hub.seen.map(({ range }) => range)).toContain('bytes=2000-')
    expect(sha256(readFileSync(JSON.parse(stdout).files[0].path))).toBe(sha256(weights))
  })

  it('imports a file, and says where it is and what it hashes to', async () => {
    const { out } = await eosin('import', 'tiny', file, '--card', card)
    expect(out).toMatch(new RegExp(`model\\.safetensors\nnames of timm\nsha256 ${sha256(weights)}\n$`))
  })

  it('says which of several models it checked, and checks another when it is asked for', async () => {
    const both = ['student', 'teacher'].flatMap((part) =>
      Object.entries(tensors).map(([name, tensor]) => [`${part}.backbone.${name}`, tensor] as const),
    )
    writeFileSync(file, writeSafetensors(Object.fromEntries(both)))
    const check = (...more: string[]) => eosin('check', 'tiny', file, '--card', card, '--quick', ...more)
    const { out, code } = await check()
    expect(out).toContain(
      "the model under 'teacher.backbone'; not taken: 'student.backbone' (--set part=...)",
    )
    expect(code).toBe(0)
    expect((await check('--set', 'part=student')).out).toContain("the model under 'student.backbone'")
  })

  it('names each tensor that does not fit, and exits with 1', async () => {
    const { cls_token: gone, ...others } = tensors
    expect(gone).toBeDefined()
    others['norm.bias'] = f32([4])
    others['norm.weight'] = f32([8], new Float32Array(8).fill(Number.NaN))
    writeFileSync(file, writeSafetensors({ ...others, 'head.weight': f32([2, 8]) }))
    const { out, code } = await eosin('check', 'tiny', file, '--card', card)
    expect(out).toContain('problem: cls_token is missing')
    expect(out).toContain('problem: norm.bias is [4], not [8]')
    expect(out).toContain('problem: norm.weight holds NaN')
    expect(out).toContain('not used: head.weight')
    expect(out).toMatch(/1 missing, 1 mis-shaped: not a checkpoint of Tiny\n$/)
    expect(code).toBe(1)
  })

  it('embeds a fixed patch, and compares with reference outputs', async () => {
    const drawn = Object.entries(shapes).map(([name, shape], t) => {
      const values = Float32Array.from(
        { length: sizeOf(shape) },
        (_, i) => ((i * 7919 + t) % 101) / 250 - 0.2,
      )
      return [name, f32(shape, values)] as const
    })
    writeFileSync(file, writeSafetensors(Object.fromEntries(drawn)))
    const extractor = await openExtractor({ name: `vit:${card}`, weights: file })
    const { data } = makeSmokePatch()
    const [width, channels] = [96, 3]
    expect([...data.subarray((5 * width + 7) * channels, (5 * width + 7) * channels + 3)]).toEqual([
      46, 48, 50,
    ])
    const images = ndarray(
      'u8',
      [2, 96, 96, 3],
      Uint8Array.from([...data, ...data.map((value) => 255 - value)]),
    )
    const output = await extractor.embed(pixels(images.data, 2, 96, 96))
    await extractor.close()
    const at = (name: string) => join(folder, name)
    writeFileSync(at('images.npy'), writeNpy(images))
    writeFileSync(at('outputs.npy'), writeNpy(f32([2, 8], output)))
    writeFileSync(at('both.safetensors'), writeSafetensors({ input: images, output: f32([2, 8], output) }))
    writeFileSync(at('picture.png'), await encodePng(makeSmokePatch()))
    writeFileSync(at('first.npy'), writeNpy(f32([1, 8], output.slice(0, 8))))
    const check = (...more: string[]) =>
      eosin('check', 'tiny', file, '--card', card, '--device', 'cpu', ...more)

    const plain = await check()
    const shown = [...output.subarray(0, 4)].map((value) => value.toFixed(6)).join(' ')
    expect(plain.out).toContain(`embedding of the fixed patch: ${shown} ... (8 values, length `)
    for (const given of [
      ['--reference', at('both.safetensors')],
      ['--reference', at('outputs.npy'), '--input', at('images.npy')],
      ['--reference', at('first.npy'), '--input', at('picture.png')],
    ]) {
      const { out, code } = await check(...given)
      expect(out).toMatch(
        /reference of [12] images: largest difference 0.0e\+0 .*, least cosine 1\.0000000\n$/,
      )
      expect(code).toBe(0)
    }
    output[3] += 0.5
    writeFileSync(at('outputs.npy'), writeNpy(f32([2, 8], output)))
    const off = await check('--reference', at('outputs.npy'), '--input', at('images.npy'))
    expect(off.out).toMatch(/problem: reference of 2 images: largest difference 5\.0e-1/)
    expect(off.code).toBe(1)
    await expect(check('--reference', at('first.npy'), '--input', at('images.npy'))).rejects.toThrow(
      /first\.npy: expected outputs \[2, 8\], got \[1, 8\]; give one row for each image/,
    )
    await expect(check('--reference', at('first.npy'))).rejects.toThrow(/expected the images that it is of/)
    await expect(check('--reference', at('first.npy'), '--input', at('outputs.npy'))).rejects.toThrow(
      /expected images as uint8 \[count, height, width, 3\], got f32/,
    )
  }, 60_000)

  it('says how to get weights that are not here', async () => {
    await expect(eosin('check', 'uni')).rejects.toThrow(
      /uni: got no weights in the cache; run `eosin weights pull uni`/,
    )
    await expect(eosin('pull', 'dinov2-smal')).rejects.toThrow(/did you mean 'dinov2-small'/)
  })
})
