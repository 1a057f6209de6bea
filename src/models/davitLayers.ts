// The layers of DaViT, on maps of tokens: the convolution that opens a stage, the depthwise convolution that encodes
// positions, and the two attentions.
// Source: Ding et al. 2022, DaViT: Dual Attention Vision Transformers; microsoft/UniCL's davit_v1.

import * as g from '../graph/index.ts'
import {
  applyLinear,
  attention,
  fill,
  inferencePass,
  layerNorm,
  linearSpecs,
  type Model,
  normal,
  type ParamSpecs,
  type ParamValues,
  splitFirst,
} from '../nn/index.ts'
import { type DavitArchitecture, davitEncoder as encoder } from './davitShapes.ts'

/** Tokens and the sides of the map that they are the pixels of. */
export interface TokenMap {
  readonly tokens: g.Value
  readonly height: number
  readonly width: number
}

/** Turns the tokens of a map into others of the same map. */
export interface MapLayer {
  readonly params: ParamSpecs
  apply(values: ParamValues, map: TokenMap): g.Value
}

// A batch, whose size may be named, and known sides.
function sidesOf({ shape }: g.Value): readonly [g.Side, number, number, number] {
  return shape as readonly [g.Side, number, number, number]
}

/** Images as the map that the first stage's convolution reads; its tokens are pixels. */
export function openMap(images: g.Value): TokenMap {
  const [batch, channels, height, width] = sidesOf(images)
  const pixels = g.transpose(images, [0, 2, 3, 1])
  return { tokens: g.reshape(pixels, [batch, height * width, channels]), height, width }
}

function toImage({ tokens, height, width }: TokenMap): g.Value {
  const [batch, , channels] = sidesOf(tokens)
  return g.reshape(g.transpose(tokens, [0, 2, 1]), [batch, channels, height, width])
}

function toTokens(image: g.Value): g.Value {
  const [batch, channels, height, width] = sidesOf(image)
  return g.transpose(g.reshape(image, [batch, channels, height * width]), [0, 2, 1])
}

/** The convolution that opens a stage, normalised over its output, or over its input where the stage is so. */
export function convEmbed(architecture: DavitArchitecture, stage: number) {
  const { widths, patchSizes, strides, paddings, prenorms, layerNormEps } = architecture
  const inputs = stage === 0 ? 3 : widths[stage - 1]
  const name = `${encoder}.convs.${stage}`
  const norm = layerNorm(`${name}.norm`, prenorms[stage] ? inputs : widths[stage], layerNormEps)
  const weight = `${name}.proj.weight`
  const bias = `${name}.proj.bias`
  return {
    params: {
      [weight]: {
        shape: [widths[stage], inputs, patchSizes[stage], patchSizes[stage]],
        role: 'weight',
        init: normal(0.02),
      },
      [bias]: { shape: [widths[stage]], role: 'bias', init: fill(0) },
      ...norm.params,
    } satisfies ParamSpecs,
    apply(values: ParamValues, map: TokenMap): TokenMap {
      const tokens = prenorms[stage] ? norm.apply(values, map.tokens, inferencePass) : map.tokens
      const options = { stride: strides[stage], padding: paddings[stage] }
      const image = addChannels(g.conv(toImage({ ...map, tokens }), values[weight], options), values[bias])
      const embedded = toTokens(image)
      const [height, width] = image.shape.slice(2) as number[]
      return {
        tokens: prenorms[stage] ? embedded : norm.apply(values, embedded, inferencePass),
        height,
        width,
      }
    },
  }
}

function addChannels(image: g.Value, bias: g.Value): g.Value {
  return g.add(image, g.reshape(bias, [bias.shape[0], 1, 1]))
}

/** A layer that reads normalised tokens. */
export function prenormed(norm: Model, layer: MapLayer): MapLayer {
  return {
    params: { ...norm.params, ...layer.params },
    apply: (values, map) =>
      layer.apply(values, { ...map, tokens: norm.apply(values, map.tokens, inferencePass) }),
  }
}

/** A 3x3 convolution of each channel by itself. */
export function depthwiseConv(name: string, width: number): MapLayer {
  return {
    params: {
      [`${name}.weight`]: { shape: [width, 1, 3, 3], role: 'weight', init: normal(0.02) },
      [`${name}.bias`]: { shape: [width], role: 'bias', init: fill(0) },
    },
    apply(values, map) {
      const image = g.conv(toImage(map), values[`${name}.weight`], { padding: 1, groups: width })
      return toTokens(addChannels(image, values[`${name}.bias`]))
    },
  }
}

/** Attention within windows. The map is padded with zeros to whole windows; the padding takes part unmasked. */
export function windowAttention(name: string, width: number, heads: number, side: number): MapLayer {
  const inner = attention(name, width, heads)
  return {
    params: inner.params,
    apply(values, { tokens, height, width: across }) {
      const [batch] = sidesOf(tokens)
      const [rows, columns] = [Math.ceil(height / side), Math.ceil(across / side)]
      const missing = [0, rows * side - height, columns * side - across, 0]
      const map = g.reshape(tokens, [batch, height, across, width])
      const padded = missing.some((size) => size > 0) ? g.pad(map, [0, 0, 0, 0], missing) : map
      const cut = g.reshape(padded, [batch, rows, side, columns, side, width])
      const windows = g.reshape(g.transpose(cut, [0, 1, 3, 2, 4, 5]), [-1, side ** 2, width])
      const mixed = g.reshape(inner.apply(values, windows, inferencePass), [
        batch,
        rows,
        columns,
        side,
        side,
        width,
      ])
      const whole = g.reshape(g.transpose(mixed, [0, 1, 3, 2, 4, 5]), [
        batch,
        rows * side,
        columns * side,
        width,
      ])
      const kept = g.slice(g.slice(whole, 1, 0, height), 2, 0, across)
      return g.reshape(kept, [batch, height * across, width])
    },
  }
}

/** Attention between the channels of a group, over all tokens; scaled by the number of tokens, not of channels. */
export function channelAttention(name: string, width: number, groups: number): MapLayer {
  return {
    params: {
      ...linearSpecs(`${name}.qkv`, width, 3 * width),
      ...linearSpecs(`${name}.proj`, width, width),
    },
    apply(values, { tokens }) {
      const [batch, count] = sidesOf(tokens)
      const parts = g.reshape(applyLinear(`${name}.qkv`, values, tokens), [
        batch,
        count,
        3,
        groups,
        width / groups,
      ])
      const [q, k, v] = splitFirst(g.transpose(parts, [2, 0, 3, 1, 4]))
      const weights = g.softmax(g.matmul(g.mul(q, count ** -0.5), k, { transposeA: true }))
      const mixed = g.transpose(g.matmul(v, weights, { transposeB: true }), [0, 2, 1, 3])
      return applyLinear(`${name}.proj`, values, g.reshape(mixed, [batch, count, width]))
    },
  }
}
