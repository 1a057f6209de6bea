// Layers of transformers, on tokens [batch, count, width]: layer normalisation, linear layers row by row, attention,
// the two kinds of MLP, layer scale, and the cut of an image into patches.
// Sources: Vaswani et al. 2017; Su et al. 2021 (rotation); Touvron et al. 2021 (layer scale); Shazeer 2020 (SwiGLU).

import { ShapeError } from '../base/index.ts'
import * as g from '../graph/index.ts'
import { fill, normal } from './initializers.ts'
import type { Model, ParamSpecs, ParamValues } from './model.ts'
import type { Pass } from './pass.ts'

/** A linear layer with bias, its weight [outputs, inputs] drawn as ViTs are: normal with deviation 0.02. */
export function linearSpecs(name: string, inputs: number, outputs: number): ParamSpecs {
  return {
    [`${name}.weight`]: { shape: [outputs, inputs], role: 'weight', init: normal(0.02) },
    [`${name}.bias`]: { shape: [outputs], role: 'bias', init: fill(0) },
  }
}

/**
 * x W^T + b on tokens, as one matrix product of all rows. Where `values` hold `name.scale`, the weight is int8 and
 * transposed (`quantizeLinear` of models).
 */
export function applyLinear(name: string, values: ParamValues, x: g.Value): g.Value {
  const weight = values[`${name}.weight`]
  const scale = values[`${name}.scale`]
  if (scale) return g.quantizedMatmul(x, weight, scale, values[`${name}.bias`])
  const rows = g.reshape(x, [-1, x.shape[x.shape.length - 1]])
  const product = g.add(g.matmul(rows, weight, { transposeB: true }), values[`${name}.bias`])
  return g.reshape(product, [...x.shape.slice(0, -1), weight.shape[0]])
}

// Some outputs of a linear layer, as the layer `part`.
function sliceOutputs(name: string, values: ParamValues, start: number, end: number): ParamValues {
  const scale = values[`${name}.scale`]
  return {
    'part.weight': g.slice(values[`${name}.weight`], scale ? 1 : 0, start, end),
    'part.bias': g.slice(values[`${name}.bias`], 0, start, end),
    ...(scale && { 'part.scale': g.slice(scale, 0, start, end) }),
  }
}

/** Layer normalisation over the last axis. */
export function layerNorm(name: string, width: number, epsilon: number): Model {
  return {
    params: {
      [`${name}.weight`]: { shape: [width], role: 'norm', init: fill(1) },
      [`${name}.bias`]: { shape: [width], role: 'norm', init: fill(0) },
    },
    apply: (values, x) => g.layerNorm(x, values[`${name}.weight`], values[`${name}.bias`], epsilon),
  }
}

/** Each channel times a factor of its own, `name.gamma`. */
export function layerScale(name: string, width: number, initial = 1): Model {
  const key = `${name}.gamma`
  return {
    params: { [key]: { shape: [width], role: 'weight', init: fill(initial) } },
    apply: (values, x) => g.mul(x, values[key]),
  }
}

/** By how much each token's pairs of channels (i, i + channels / 2) are turned: [tokens, channels / 2] both. */
export interface Rotation {
  readonly cos: g.Value
  readonly sin: g.Value
}

/** Self-attention, which can also be had for the first tokens only. With a rotation, queries and keys are turned. */
export interface Attention extends Model {
  apply(values: ParamValues, x: g.Value, pass: Pass, rotation?: Rotation): g.Value
  /** The result for the first `count` tokens, which attend to all: [batch, count, width]. */
  applyToFirst(values: ParamValues, x: g.Value, count: number, rotation?: Rotation): g.Value
}

/** Multi-head self-attention: one layer `qkv` for queries, keys and values (rows in that order), and `proj`. */
export function attention(name: string, width: number, heads: number): Attention {
  if (width % heads !== 0) {
    throw new ShapeError({ where: name, expected: `a width that ${heads} heads divide`, got: `${width}` })
  }
  // [batch, tokens, n * width] -> n of [batch, heads, tokens, channels]
  const splitHeads = (x: g.Value) => {
    const [batch, count, sides] = x.shape
    const parts = g.reshape(x, [batch, count, (sides as number) / width, heads, width / heads])
    return splitFirst(g.transpose(parts, [2, 0, 3, 1, 4]))
  }
  const joinHeads = (values: ParamValues, x: g.Value) => {
    const [batch, , count] = x.shape
    return applyLinear(`${name}.proj`, values, g.reshape(g.transpose(x, [0, 2, 1, 3]), [batch, count, width]))
  }
  return {
    params: {
      ...linearSpecs(`${name}.qkv`, width, 3 * width),
      ...linearSpecs(`${name}.proj`, width, width),
    },
    apply(values, x, _pass, rotation) {
      const [q, k, v] = splitHeads(applyLinear(`${name}.qkv`, values, x))
      return joinHeads(values, attend(rotate(q, rotation), rotate(k, rotation), v))
    },
    applyToFirst(values, x, count, rotation) {
      const rows = (start: number, end: number) => sliceOutputs(`${name}.qkv`, values, start, end)
      const [q] = splitHeads(applyLinear('part', rows(0, width), g.slice(x, 1, 0, count)))
      const [k, v] = splitHeads(applyLinear('part', rows(width, 3 * width), x))
      return joinHeads(values, attend(rotate(q, rotation), rotate(k, rotation), v))
    },
  }
}

// x is [batch, heads, tokens, channels], of which the rotation may know more tokens.
function rotate(x: g.Value, rotation: Rotation | undefined): g.Value {
  if (!rotation) return x
  const [, , count, channels] = x.shape as readonly number[]
  const halves = [channels / 2, channels / 2]
  const [first, second] = g.split(x, 3, halves)
  const [cos, sin] = [rotation.cos, rotation.sin].map((table) =>
    table.shape[0] === count ? table : g.slice(table, 0, 0, count),
  )
  const turned = [g.sub(g.mul(first, cos), g.mul(second, sin)), g.add(g.mul(second, cos), g.mul(first, sin))]
  return g.concat(turned, 3)
}

/** The entries of the first axis, whose length is known, without it. */
export function splitFirst(x: g.Value): g.Value[] {
  const [count, ...rest] = x.shape as readonly [number, ...g.Side[]]
  return Array.from({ length: count }, (_, i) => g.reshape(g.slice(x, 0, i, i + 1), rest))
}

/** softmax(q k^T / sqrt(channels)) v over the last two axes [tokens, channels]. */
export function attend(q: g.Value, k: g.Value, v: g.Value): g.Value {
  const scale = Number(q.shape[q.shape.length - 1]) ** -0.5
  const scores = g.matmul(g.mul(q, scale), k, { transposeB: true })
  return g.matmul(g.softmax(scores), v)
}

/** Two linear layers, `fc1` and `fc2`, around an exact GELU. */
export function geluMlp(
  name: string,
  width: number,
  hidden: number,
  [first, second] = ['fc1', 'fc2'],
): Model {
  return {
    params: {
      ...linearSpecs(`${name}.${first}`, width, hidden),
      ...linearSpecs(`${name}.${second}`, hidden, width),
    },
    apply(values, x) {
      const inner = g.gelu(applyLinear(`${name}.${first}`, values, x))
      return applyLinear(`${name}.${second}`, values, inner)
    },
  }
}

/** A gated MLP: `w12` gives x1 and x2 (rows in that order), `w3` takes silu(x1) x2. */
export function swigluMlp(name: string, width: number, hidden: number): Model {
  return {
    params: {
      ...linearSpecs(`${name}.w12`, width, 2 * hidden),
      ...linearSpecs(`${name}.w3`, hidden, width),
    },
    apply(values, x) {
      const [gate, inner] = g.split(applyLinear(`${name}.w12`, values, x), 2, [hidden, hidden])
      const opened = g.mul(g.mul(gate, g.sigmoid(gate)), inner)
      return applyLinear(`${name}.w3`, values, opened)
    },
  }
}

/** Square patches of an image [batch, 3, height, width], each as one token by the layer `proj`, in row-major order. */
export function patchEmbed(name: string, patchSize: number, width: number): Model {
  const weight = `${name}.proj.weight`
  return {
    params: {
      [weight]: { shape: [width, 3, patchSize, patchSize], role: 'weight', init: normal(0.02) },
      [`${name}.proj.bias`]: { shape: [width], role: 'bias', init: fill(0) },
    },
    apply(values, x) {
      const [batch, channels, height, across] = x.shape as readonly [g.Side, number, number, number]
      if (channels !== 3 || height % patchSize !== 0 || across % patchSize !== 0) {
        throw new ShapeError({
          where: name,
          expected: `images [batch, 3, height, width] with sides that are multiples of ${patchSize}`,
          got: g.showShape(x.shape),
          hint: 'resize or crop the images',
        })
      }
      const [rows, columns] = [height / patchSize, across / patchSize]
      const cut = g.reshape(x, [batch, 3, rows, patchSize, columns, patchSize])
      const size = 3 * patchSize ** 2
      const patches = g.reshape(g.transpose(cut, [0, 2, 4, 1, 3, 5]), [-1, size])
      const product = g.matmul(patches, g.reshape(values[weight], [width, size]), { transposeB: true })
      return g.reshape(g.add(product, values[`${name}.proj.bias`]), [batch, rows * columns, width])
    },
  }
}
