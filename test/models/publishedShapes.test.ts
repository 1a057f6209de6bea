// Names and shapes against those of the reference constructors (golden fixtures kept outside the repository).

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sizeOf } from '../../src/base/index.ts'
import {
  davitShapes,
  isDavitText,
  type ParamShapes,
  publishedVitShapes,
  unchunkName,
  type VitArchitecture,
  vitParts,
  vitShapes,
} from '../../src/models/index.ts'
import { catalog, type ModelCard } from '../../src/weights/index.ts'

const golden = '../shared/golden'
const isHere = existsSync(golden)
const readGolden = (path: string) => JSON.parse(readFileSync(`${golden}/${path}`, 'utf8'))
const vitOf = (name: keyof typeof catalog) => (catalog[name] as ModelCard).architecture as VitArchitecture
const countParams = (shapes: ParamShapes) =>
  Object.values(shapes).reduce((sum, shape) => sum + sizeOf(shape), 0)

// The golden files give block 0 as the template of all blocks.
function repeatBlocks(template: ParamShapes, depth: number): ParamShapes {
  const entries = Object.entries(template).flatMap(([name, shape]) =>
    name.startsWith('blocks.0.')
      ? Array.from({ length: depth }, (_, i) => [name.replace('blocks.0.', `blocks.${i}.`), shape])
      : [[name, shape]],
  )
  return Object.fromEntries(entries)
}

describe.skipIf(!isHere)('the tensors of a published checkpoint (needs ../shared/golden)', () => {
  it.each([
    ['dinov2-small', 'dinov2_vits14'],
    ['dinov2-small-registers', 'dinov2_vits14_reg'],
    ['dinov2-base', 'dinov2_vitb14'],
    ['dinov2-base-registers', 'dinov2_vitb14_reg'],
    ['dinov2-large', 'dinov2_vitl14'],
    ['dinov2-large-registers', 'dinov2_vitl14_reg'],
    ['dinov2-giant', 'dinov2_vitg14'],
    ['dinov2-giant-registers', 'dinov2_vitg14_reg'],
  ] as const)('are those of %s', (name, reference) => {
    const { params, depth, ...facts } = readGolden('vit_real_checkpoint_shapes.json').dinov2_hub[reference]
    const shapes = publishedVitShapes(vitOf(name), 'dinov2')
    expect(shapes).toEqual(repeatBlocks(facts['shapes_with_blocks.0_as_template_for_all_blocks'], depth))
    expect(countParams(shapes)).toBe(params)
  })

  it.each([
    ['uni', 'UNI (vit_large_patch16_224)'],
    ['uni2-h', 'UNI2-h'],
    ['virchow2', 'Virchow2 (vit_huge_patch14_224)'],
    ['h-optimus-0', 'H-optimus-0 (vit_giant_patch14_reg4_dinov2)'],
  ] as const)('are those of %s', (name, reference) => {
    const { params, depth, ...facts } = readGolden('vit_real_checkpoint_shapes.json').timm[reference]
    const shapes = publishedVitShapes(vitOf(name), 'timm')
    expect(shapes).toEqual(repeatBlocks(facts['shapes_with_blocks.0_as_template'], depth))
    expect(countParams(shapes)).toBe(params)
  })

  it("are those of MedImageInsight's image tower", () => {
    const { state_dict_shapes: all, params } = readGolden('medimageinsight_real_checkpoint_shapes.json')
    const { architecture } = catalog.medimageinsight
    if (architecture.family !== 'davit') throw new Error('MedImageInsight is a DaViT')
    const shapes = davitShapes(architecture)
    const image = Object.entries(all).filter(([name]) => !isDavitText(name))
    expect(shapes).toEqual(Object.fromEntries(image))
    expect(countParams(shapes)).toBe(params.image_encoder + params.image_projection)
  })

  it.each([
    'dinov2_hf',
    'dinov2_hf_reg',
  ])('have the Hugging Face names of %s, in the order of their rows', (folder) => {
    const { hyper_parameters: facts } = readGolden(`${folder}/config.json`)
    const map: Record<string, { hf: string; rows: [number, number] | null }[]> = readGolden(
      `${folder}/key_map.json`,
    )
    const vit: VitArchitecture = {
      ...vitOf('dinov2-small'),
      width: facts.hidden_size,
      depth: facts.num_hidden_layers,
      heads: facts.num_attention_heads,
      mlp: { kind: 'gelu', hidden: facts.hidden_size * facts.mlp_ratio },
      registers: facts.num_register_tokens,
      imageSize: facts.image_size,
    }
    const names = Object.entries(vitParts(vit, 'huggingface dinov2')).map(([name, parts]) => [
      name,
      parts.map((part) => part.name),
    ])
    expect(Object.fromEntries(names)).toEqual(
      Object.fromEntries(Object.entries(map).map(([name, parts]) => [name, parts.map((part) => part.hf)])),
    )
  })
})

describe('a naming', () => {
  const vit: VitArchitecture = {
    ...vitOf('dinov2-small'),
    width: 8,
    depth: 1,
    heads: 2,
    imageSize: 28,
    mlp: { kind: 'gelu', hidden: 32 },
  }

  it('of plain ViTs has no layer scale and no mask token', () => {
    const plain = publishedVitShapes({ ...vit, layerScale: false, maskToken: false }, 'huggingface vit')
    expect(plain).toMatchObject({
      'embeddings.position_embeddings': [1, 5, 8],
      'embeddings.patch_embeddings.projection.weight': [8, 3, 14, 14],
      'encoder.layer.0.layernorm_before.weight': [8],
      'encoder.layer.0.attention.attention.key.bias': [8],
      'encoder.layer.0.intermediate.dense.weight': [32, 8],
      'encoder.layer.0.output.dense.weight': [8, 32],
      'layernorm.bias': [8],
    })
    expect(Object.keys(plain)).toHaveLength(4 + 16 + 2)
  })

  it('of DINOv3 has no position embedding, and zeros for the bias of the keys', () => {
    const rotary: VitArchitecture = { ...vit, registers: 4, positions: 'rotary' }
    const shapes = publishedVitShapes(rotary, 'huggingface dinov3')
    expect(shapes).toMatchObject({
      'embeddings.mask_token': [1, 1, 8],
      'embeddings.register_tokens': [1, 4, 8],
      'layer.0.attention.k_proj.weight': [8, 8],
      'layer.0.mlp.up_proj.weight': [32, 8],
    })
    expect(shapes).not.toHaveProperty('layer.0.attention.k_proj.bias')
    expect(Object.keys(shapes).filter((name) => name.includes('position'))).toEqual([])
    expect(vitParts(rotary, 'huggingface dinov3')['blocks.0.attn.qkv.bias'].map(({ name }) => name)).toEqual([
      'layer.0.attention.q_proj.bias',
      null,
      'layer.0.attention.v_proj.bias',
    ])
  })

  it('gives each parameter all its rows', () => {
    for (const naming of [
      'dinov2',
      'timm',
      'huggingface dinov2',
      'huggingface vit',
      'dinov3',
      'huggingface dinov3',
    ] as const) {
      const shapes = vitShapes(vit)
      for (const [name, parts] of Object.entries(vitParts(vit, naming))) {
        const size = parts.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
        expect(size, `${naming}: ${name}`).toBe(sizeOf(shapes[name]))
      }
    }
  })

  it('of chunked blocks loses the chunk', () => {
    expect(unchunkName('blocks.1.7.attn.qkv.weight')).toBe('blocks.7.attn.qkv.weight')
    expect(unchunkName('blocks.7.attn.qkv.weight')).toBe('blocks.7.attn.qkv.weight')
  })
})
