// DINOv3's form against an implementation of its own, in double precision and patch by patch, that shares no code with
// the graph: pairs of channels are complex numbers, which a position turns.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runGraph } from '../../conformance/runGraph.ts'
import { f32, type NdArray, openRandom, sizeOf } from '../../src/base/index.ts'
import { writeSafetensors } from '../../src/formats/index.ts'
import { constant, gradients, input, mul, reduceSum, type Value } from '../../src/graph/index.ts'
import { publishedVitShapes, type VitArchitecture, vit, vitShapes } from '../../src/models/index.ts'
import { catalog, fitWeights, type ModelCard, openCheckpoint, openParams } from '../../src/weights/index.ts'

const width = 16
const heads = 2
const side = 4
const architecture: VitArchitecture = {
  ...(catalog['dinov3-small'].architecture as VitArchitecture),
  width,
  depth: 2,
  heads,
  patchSize: side,
  imageSize: 16,
  registers: 3,
  mlp: { kind: 'gelu', hidden: 24 },
}
const card: ModelCard = { ...catalog['dinov3-small'], title: 'Tiny', architecture }
const random = openRandom(5, 'rotary')
const draw = (shape: readonly number[], scale: number) =>
  f32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => scale * random.normal()),
  )

type Tensors = Record<string, NdArray<'f32'>>
const published: Tensors = Object.fromEntries(
  Object.entries(publishedVitShapes(architecture, 'huggingface dinov3')).map(([name, shape]) => [
    name,
    draw(shape, /lambda1|norm.*weight/.test(name) ? 0.8 : 0.4),
  ]),
)
const folder = mkdtempSync(join(tmpdir(), 'eosin-rotary-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function readAll(name: string, tensors: Tensors): Promise<{ naming: string; params: Tensors }> {
  const path = join(folder, `${name}.safetensors`)
  writeFileSync(path, writeSafetensors(tensors))
  const checkpoint = await openCheckpoint(path)
  expect(fitWeights(checkpoint, card).findings).toEqual({
    missing: [],
    extra: [],
    misshaped: [],
    refused: [],
  })
  const file = openParams(checkpoint, card)
  const params: Tensors = {}
  for (const key of Object.keys(file.shapes)) params[key] = await file.read(key)
  await checkpoint.close()
  return { naming: file.naming, params }
}

// The same tensors under the original's names: one qkv, whose keys have a bias that the model's mask takes away.
function asOriginal(params: Tensors): Tensors {
  const bias = (name: string, { shape, data }: NdArray<'f32'>) =>
    name.endsWith('qkv.bias')
      ? f32(
          shape,
          data.map((value, i) => (i >= width && i < 2 * width ? 7 : value)),
        )
      : f32(shape, data)
  const renamed = Object.entries(params).map(
    ([name, tensor]) => [name.replace('register_tokens', 'storage_tokens'), bias(name, tensor)] as const,
  )
  return {
    ...Object.fromEntries(renamed),
    'rope_embed.periods': f32([width / heads / 4]),
    'blocks.0.attn.qkv.bias_mask': f32([3 * width]),
    'blocks.1.attn.qkv.bias_mask': f32([3 * width]),
  }
}

type Numbers = Float64Array
type Read = (name: string) => Numbers

// y = W x + b for one token.
function applyLayer(weight: Numbers, bias: Numbers | null, x: Numbers): Float64Array {
  return Float64Array.from({ length: weight.length / x.length }, (_, row) => {
    let sum = bias?.[row] ?? 0
    for (let i = 0; i < x.length; i++) sum += weight[row * x.length + i] * x[i]
    return sum
  })
}

function normalise(weight: Numbers, bias: Numbers, x: Numbers): Float64Array {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length
  return Float64Array.from(
    x,
    (value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[i] + bias[i],
  )
}

// Abramowitz and Stegun 7.1.5: the power series converges for all x.
function erf(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-18 && n < 400; n++) {
    term *= -(x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

const gelu = (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2))

// exp(2 pi i y / 100^(k / n)) for the first n pairs, the same of x for the others; a prefix token has no place.
function turn(x: Numbers, place: readonly [number, number] | null): Float64Array {
  const turned = Float64Array.from(x)
  if (!place) return turned
  const pairs = x.length / 2
  for (let pair = 0; pair < pairs; pair++) {
    const isColumn = pair >= pairs / 2
    const period = 100 ** ((2 * pair) / pairs - (isColumn ? 1 : 0))
    const angle = (2 * Math.PI * place[isColumn ? 1 : 0]) / period
    turned[pair] = x[pair] * Math.cos(angle) - x[pair + pairs] * Math.sin(angle)
    turned[pair + pairs] = x[pair] * Math.sin(angle) + x[pair + pairs] * Math.cos(angle)
  }
  return turned
}

// Hugging Face's names; image is [3, rows * side, columns * side].
function embedExactly(read: Read, image: Numbers, rows: number, columns: number): Float64Array[] {
  const places: ([number, number] | null)[] = [null, null, null, null]
  const across = columns * side
  const row = (name: string, i: number) => read(name).slice(i * width, (i + 1) * width)
  let tokens: Numbers[] = [
    read('embeddings.cls_token'),
    ...[0, 1, 2].map((i) => row('embeddings.register_tokens', i)),
  ]
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const patch = Float64Array.from({ length: 3 * side * side }, (_, i) => {
        const channel = Math.floor(i / side ** 2)
        const [down, right] = [Math.floor((i % side ** 2) / side), i % side]
        return image[(channel * rows * side + y * side + down) * across + x * side + right]
      })
      const [weight, bias] = ['weight', 'bias'].map((part) => read(`embeddings.patch_embeddings.${part}`))
      tokens.push(applyLayer(weight, bias, patch))
      places.push([-1 + (2 * y + 1) / rows, -1 + (2 * x + 1) / columns])
    }
  }
  for (let i = 0; i < architecture.depth; i++)
    tokens = runBlock((name) => read(`layer.${i}.${name}`), tokens, places)
  return tokens.map((token) => normalise(read('norm.weight'), read('norm.bias'), token))
}

function runBlock(
  read: Read,
  tokens: Numbers[],
  places: readonly ([number, number] | null)[],
): Float64Array[] {
  const size = width / heads
  const linear = (name: string, x: Numbers, hasBias = true) =>
    applyLayer(read(`${name}.weight`), hasBias ? read(`${name}.bias`) : null, x)
  const normal = tokens.map((token) => normalise(read('norm1.weight'), read('norm1.bias'), token))
  const headOf = (x: Numbers, head: number) => x.slice(head * size, (head + 1) * size)
  const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((name) =>
    normal.map((token) => linear(`attention.${name}`, token, name !== 'k_proj')),
  )
  const mixed = tokens.map(() => new Float64Array(width))
  for (let head = 0; head < heads; head++) {
    const [queries, keys] = [q, k].map((all) => all.map((x, i) => turn(headOf(x, head), places[i])))
    for (const [to, query] of queries.entries()) {
      const scores = keys.map((key) =>
        Math.exp(query.reduce((sum, x, i) => sum + x * key[i], 0) / Math.sqrt(size)),
      )
      const total = scores.reduce((sum, score) => sum + score, 0)
      for (const [from, score] of scores.entries())
        for (let i = 0; i < size; i++)
          mixed[to][head * size + i] += (score / total) * v[from][head * size + i]
    }
  }
  return tokens.map((token, t) => {
    const [scale1, scale2] = [read('layer_scale1.lambda1'), read('layer_scale2.lambda1')]
    const attended = linear('attention.o_proj', mixed[t])
    const sum = Float64Array.from(token, (x, i) => x + attended[i] * scale1[i])
    const inner = linear('mlp.up_proj', normalise(read('norm2.weight'), read('norm2.bias'), sum)).map(gelu)
    const outer = linear('mlp.down_proj', inner)
    return sum.map((x, i) => x + outer[i] * scale2[i])
  })
}

const readPublished: Read = (name) => Float64Array.from(published[name].data)
const image = draw([1, 3, 3 * side, 5 * side], 1)
const exact = embedExactly(readPublished, Float64Array.from(image.data), 3, 5)

function largestError(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  return Array.from(wanted).reduce((most, value, i) => Math.max(most, Math.abs(got[i] - value)), 0)
}

describe('a ViT with rotary positions', () => {
  it.each([
    'huggingface dinov3',
    'dinov3',
  ])('is DINOv3, from a checkpoint with the names of %s', async (naming) => {
    const read = await readAll('huggingface', published)
    const { naming: found, params } =
      naming === 'dinov3' ? await readAll('original', asOriginal(read.params)) : read
    expect(found).toBe(naming)
    const model = vit(architecture)
    const values = Object.fromEntries(Object.entries(params).map(([name, array]) => [name, constant(array)]))
    const x = input('x', image.shape)
    const outputs = { tokens: model.write(values, x).tokens, first: model.writeClassToken(values, x) }
    const { tokens, first } = await runGraph(outputs, [x], { x: image })
    expect(tokens.shape).toEqual([1, 1 + 3 + 15, width])
    const wanted = exact.flatMap((token) => [...token])
    expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(1)
    expect(largestError(tokens.data as Float32Array, wanted)).toBeLessThan(2e-5)
    expect(largestError(first.data as Float32Array, exact[0])).toBeLessThan(2e-5)
  })

  it('depends on where patches lie, and not on what else the checkpoint says of the keys', () => {
    const turned = Float64Array.from(image.data)
    for (let i = 0; i < turned.length; i++) turned[i] = image.data[image.data.length - 1 - i]
    expect(largestError(embedExactly(readPublished, turned, 3, 5)[0], exact[0])).toBeGreaterThan(1e-3)
  })

  it('has the gradients that differences of the exact one have', async () => {
    const { params } = await readAll('gradients', published)
    const values = Object.fromEntries(
      Object.entries(params).map(([name, { shape }]) => [name, input(name, shape)]),
    )
    const x = input('x', image.shape)
    const weights = draw([1, width], 1)
    const loss: Value = reduceSum(mul(vit(architecture).writeClassToken(values, x), constant(weights)))
    const names = [
      'blocks.0.attn.qkv.weight',
      'blocks.1.attn.qkv.weight',
      'register_tokens',
      'blocks.0.mlp.fc1.weight',
    ]
    const found = gradients(
      loss,
      names.map((name) => values[name]),
    )
    const outputs = Object.fromEntries(names.map((name, i) => [`gradient of ${name}`, found[i]]))
    const got = await runGraph(outputs, [x, ...Object.values(values)], { x: image, ...params })
    const exactLoss = (name: string, at: number, by: number) => {
      const moved = Float64Array.from(published[name].data)
      moved[at] += by
      const [token] = embedExactly(
        (key) => (key === name ? moved : readPublished(key)),
        Float64Array.from(image.data),
        3,
        5,
      )
      return token.reduce((sum, value, i) => sum + value * weights.data[i], 0)
    }
    const q = ['layer.0.attention.q_proj.weight', 'layer.1.attention.k_proj.weight'] as const
    const checks = [
      [names[0], 37, q[0], 37],
      [names[0], 9 * width + 3, q[0], 9 * width + 3],
      [names[1], width * width + 21, q[1], 21],
      [names[2], width + 2, 'embeddings.register_tokens', width + 2],
      [names[3], 50, 'layer.0.mlp.up_proj.weight', 50],
    ] as const
    for (const [name, at, tensor, there] of checks) {
      const difference = (exactLoss(tensor, there, 1e-5) - exactLoss(tensor, there, -1e-5)) / 2e-5
      const gradient = got[`gradient of ${name}`].data as Float32Array
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect(Math.abs(gradient[at] - difference), `${name} ${at}`).toBeLessThan(1e-4 * largest)
    }
  })

  it('computes from the tokens in the middle what it computes as a whole, on a square of patches', () => {
    const model = vit(architecture)
    const values = Object.fromEntries(
      Object.entries(vitShapes(architecture)).map(([name, shape]) => [name, input(name, shape)]),
    )
    const x = input('x', [1, 3, 4 * side, 4 * side])
    const { blocks } = model.write(values, x)
    expect(model.writeTail(values, blocks[0], 1)).toEqual(model.writeClassToken(values, x))
    const oblong = model.write(values, input('y', image.shape)).blocks[0]
    expect(() => model.writeTail(values, oblong, 1)).toThrow(/expected a grid of patches/)
    expect(model.writeTail(values, oblong, 1, [3, 5]).shape).toEqual([1, width])
  })
})
