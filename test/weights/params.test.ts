import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { f32, type NdArray, openRandom, sizeOf, WeightsError } from '../../src/base/index.ts'
import { writeSafetensors } from '../../src/formats/index.ts'
import {
  davitShapes,
  type VitArchitecture,
  type vitNamings,
  vitParts,
  vitShapes,
} from '../../src/models/index.ts'
import {
  catalog,
  countParams,
  fitWeights,
  importWeights,
  locateWeights,
  type ModelCard,
  openCheckpoint,
  openParams,
  publishedShapes,
} from '../../src/weights/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'eosin-params-'))
afterAll(() => rmSync(folder, { recursive: true }))

const architecture: VitArchitecture = {
  ...(catalog['dinov2-small'].architecture as VitArchitecture),
  width: 8,
  depth: 2,
  heads: 2,
  imageSize: 28,
  registers: 2,
  mlp: { kind: 'swiglu', hidden: 6 },
}
const card: ModelCard = { ...catalog['dinov2-small'], title: 'Tiny', architecture }
const random = openRandom(1, 'params')
const params = Object.fromEntries(
  Object.entries(vitShapes(architecture)).map(([name, shape]) => [
    name,
    f32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
    ),
  ]),
)

// Publishes the parameters as `naming` does: parts are rows below each other.
function publish(naming: (typeof vitNamings)[number]): Record<string, NdArray<'f32'>> {
  const tensors: Record<string, NdArray<'f32'>> = {}
  for (const [name, parts] of Object.entries(vitParts(architecture, naming))) {
    let offset = 0
    for (const part of parts) {
      const end = offset + sizeOf(part.shape)
      if (part.name !== null) tensors[part.name] = f32(part.shape, params[name].data.slice(offset, end))
      offset = end
    }
  }
  return tensors
}
function write(name: string, tensors: Record<string, NdArray>): string {
  const path = join(folder, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, writeSafetensors(tensors))
  return path
}
const rename = (tensors: Record<string, NdArray>, to: (name: string) => string) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [to(name), tensor]))

async function expectParams(path: string, expected = params): Promise<string> {
  const checkpoint = await openCheckpoint(path)
  const opened = openParams(checkpoint, card)
  expect(Object.keys(opened.shapes)).toEqual(Object.keys(expected))
  for (const [name, tensor] of Object.entries(expected)) expect(await opened.read(name), name).toEqual(tensor)
  await checkpoint.close()
  return opened.naming
}

describe('openParams', () => {
  it.each([
    'dinov2',
    'huggingface dinov2',
  ] as const)('reads the same parameters from a checkpoint of %s', async (naming) => {
    expect(await expectParams(write(`${naming}.safetensors`, publish(naming)))).toBe(naming)
  })

  it('reads timm checkpoints, which have no mask token', async () => {
    const { mask_token, ...others } = params
    expect(mask_token).toBeDefined()
    expect(await expectParams(write('timm.safetensors', publish('timm')), others)).toBe('timm')
  })

  it('sees through chunks of blocks and what stands before all names', async () => {
    const chunked = rename(publish('dinov2'), (name) => name.replace(/^blocks\.(\d)/, 'blocks.$1.$1'))
    await expectParams(write('chunked.safetensors', chunked))
    const wrapped = rename(publish('dinov2'), (name) => `module.backbone.${name}`)
    await expectParams(write('wrapped.safetensors', { ...wrapped, 'module.head.weight': f32([1]) }))
    const inner = rename(publish('huggingface dinov2'), (name) => `dinov2.${name}`)
    await expectParams(write('inner.safetensors', inner))
  })

  describe('where a training script saved several models', () => {
    const student = rename(
      Object.fromEntries(
        Object.entries(publish('dinov2')).map(([name, { shape, data }]) => [
          name,
          f32(
            shape,
            data.map((x) => -x),
          ),
        ]),
      ),
      (name) => `student.backbone.${name}`,
    )
    const teacher = rename(publish('dinov2'), (name) => `teacher.backbone.${name}`)
    const both = { ...student, ...teacher, 'dino_loss.center': f32([1, 2]) }
    const read = async (path: string, part: string | null) => {
      const checkpoint = await openCheckpoint(path, part)
      try {
        const opened = openParams(checkpoint, card)
        return { part: opened.part, cls: (await opened.read('cls_token')).data }
      } finally {
        await checkpoint.close()
      }
    }
    const cls = params.cls_token.data

    it('takes the teacher, whichever comes first, and the student when it is asked for', async () => {
      const path = write('dino.safetensors', both)
      const part = { name: 'teacher.backbone', others: ['student.backbone'] }
      expect(await read(path, null)).toEqual({ part, cls })
      expect((await read(path, 'student')).cls).toEqual(cls.map((x) => -x))
      const checkpoint = await openCheckpoint(path)
      expect(fitWeights(checkpoint, card).findings.extra).toEqual(['dino_loss.center'])
      await checkpoint.close()
    })

    it('does not take a student for want of a teacher', async () => {
      const path = write('student.safetensors', student)
      await expect(read(path, null)).rejects.toThrow(
        /expected a teacher, got 'student\.backbone'; say which is meant, as in part=student\.backbone/,
      )
      expect((await read(path, 'student')).cls).toEqual(cls.map((x) => -x))
    })

    it('names what could be meant where no word decides', async () => {
      const averaged = rename(publish('dinov2'), (name) => `model_ema.${name}`)
      const path = write('ema.safetensors', {
        ...rename(publish('dinov2'), (name) => `model.${name}`),
        ...averaged,
      })
      await expect(read(path, null)).rejects.toThrow(/expected one model, got 'model', 'model_ema'/)
      expect((await read(path, 'model_ema')).cls).toEqual(cls)
      await expect(read(path, 'net')).rejects.toThrow(/expected a part 'net', got 'model', 'model_ema'/)
    })
  })

  it('gives zeros for the bias that DINOv3 keys do not have', async () => {
    const rotary: ModelCard = {
      ...card,
      architecture: { ...architecture, mlp: { kind: 'gelu', hidden: 6 }, positions: 'rotary' },
      naming: 'huggingface dinov3',
    }
    const tensors = Object.fromEntries(
      Object.entries(publishedShapes(rotary)).map(([name, shape]) => [
        name,
        f32(shape, new Float32Array(sizeOf(shape)).fill(1)),
      ]),
    )
    const checkpoint = await openCheckpoint(write('rotary.safetensors', tensors))
    const bias = await openParams(checkpoint, rotary).read('blocks.1.attn.qkv.bias')
    expect([...bias.data]).toEqual([...Array(8).fill(1), ...Array(8).fill(0), ...Array(8).fill(1)])
    expect((await openParams(checkpoint, rotary).read('mask_token')).shape).toEqual([1, 8])
    await checkpoint.close()
  })

  it('names every tensor of another architecture', async () => {
    const tensors = { ...publish('dinov2'), pos_embed: f32([1, 3, 8]) } as Record<string, NdArray>
    delete tensors['blocks.1.ls2.gamma']
    const checkpoint = await openCheckpoint(write('other.safetensors', tensors))
    const opening = () => openParams(checkpoint, card)
    expect(opening).toThrow(WeightsError)
    expect(opening).toThrow(
      /1 missing, 1 mis-shaped.*missing blocks\.1\.ls2\.gamma; mis-shaped pos_embed: expected \[1,5,8\], got \[1,3,8\]/,
    )
    await checkpoint.close()
  })

  it('ignores the text tower of MedImageInsight', () => {
    const { architecture: davit } = catalog.medimageinsight
    const shapes = { ...davitShapes(davit), logit_scale: [], 'lang_encoder.ln_final.weight': [1024] }
    const tensors = new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape, stored: 'f32' }]))
    const part = { name: '', others: [], asked: null }
    const checkpoint = { path: 'x.pt', tensors, refused: new Map<string, string>(), part }
    expect(fitWeights(checkpoint, catalog.medimageinsight)).toEqual({
      naming: 'davit',
      findings: { missing: [], extra: [], misshaped: [], refused: [] },
      part: { name: '', others: [] },
    })
  })

  const golden = '../shared/golden/dinov2_hf_reg'
  it.skipIf(!existsSync(golden))('reads a reference checkpoint (needs ../shared/golden)', async () => {
    const { hyper_parameters: facts } = JSON.parse(readFileSync(`${golden}/config.json`, 'utf8'))
    const vit: VitArchitecture = {
      ...architecture,
      width: facts.hidden_size,
      depth: facts.num_hidden_layers,
      heads: facts.num_attention_heads,
      imageSize: facts.image_size,
      registers: facts.num_register_tokens,
      mlp: { kind: 'gelu', hidden: facts.hidden_size * facts.mlp_ratio },
    }
    const checkpoint = await openCheckpoint(`${golden}/weights.safetensors`)
    const fit = fitWeights(checkpoint, { ...card, architecture: vit })
    expect(fit.naming).toBe('huggingface dinov2')
    expect(fit.findings).toEqual({ missing: [], extra: [], misshaped: [], refused: [] })
    await checkpoint.close()
  })
})

describe('importWeights', () => {
  let cacheDir: string
  beforeEach(() => {
    cacheDir = mkdtempSync(join(folder, 'cache-'))
  })

  it('puts a checkpoint where it is found, under the name its content asks for', async () => {
    const path = write('somewhere.pt', publish('dinov2'))
    const imported = await importWeights(card, path, { cacheDir })
    expect(imported).toMatchObject({ isKnown: null, naming: 'dinov2' })
    expect(imported.path.endsWith('model.safetensors')).toBe(true)
    expect(await locateWeights(card, { cacheDir })).toBe(imported.path)
    expect(readFileSync(imported.path).equals(readFileSync(path))).toBe(true)
    expect(await importWeights(card, path, { cacheDir })).toEqual(imported)
  })

  it('brings shards along', async () => {
    const [first, ...rest] = Object.entries(publish('timm'))
    write('shards/model-1.safetensors', Object.fromEntries([first]))
    write('shards/model-2.safetensors', Object.fromEntries(rest))
    const weightMap = Object.fromEntries([
      [first[0], 'model-1.safetensors'],
      ...rest.map(([name]) => [name, 'model-2.safetensors']),
    ])
    writeFileSync(
      join(folder, 'shards/model.safetensors.index.json'),
      JSON.stringify({ weight_map: weightMap }),
    )
    await importWeights(card, join(folder, 'shards'), { cacheDir })
    const checkpoint = await openCheckpoint((await locateWeights(card, { cacheDir }))!)
    expect(openParams(checkpoint, card).naming).toBe('timm')
    await checkpoint.close()
  })

  it('keeps nothing of a checkpoint that does not fit', async () => {
    const path = write('wrong.safetensors', { a: f32([1]) })
    await expect(importWeights(card, path, { cacheDir })).rejects.toThrow(
      /missing cls_token|missing embeddings/,
    )
    expect(await locateWeights(card, { cacheDir })).toBe(null)
  })

  it('says whether the hash is the one that is known', async () => {
    const path = write('hash.safetensors', publish('dinov2'))
    const { sha256 } = await importWeights(card, path, { cacheDir })
    expect((await importWeights({ ...card, sha256 }, path, { cacheDir })).isKnown).toBe(true)
    expect((await importWeights({ ...card, sha256: '0' }, path, { cacheDir })).isKnown).toBe(false)
  })
})

describe('countParams', () => {
  it('counts what the publishers say', () => {
    expect(countParams(catalog['dinov2-giant-registers'])).toBe(1_136_486_912)
    expect(countParams(catalog.medimageinsight)).toBe(360_636_416 + 2_097_152)
    // timm's own count for ViT-g/16 at 224 px with SwiGLU differs from H-optimus-0 in registers and patches only.
    expect(countParams(catalog.gigapath)).toBeGreaterThan(1_130_000_000)
  })
})
