// DaViT as MedImageInsight's image encoder: in each block a window attention, then a channel attention, and before
// each attention and MLP a depthwise convolution that encodes positions. Names are the published checkpoint's.
// Source: Ding et al. 2022, DaViT: Dual Attention Vision Transformers; microsoft/UniCL's davit_v1.

import * as g from '../graph/index.ts'
import {
  applyLinear,
  attention,
  fill,
  geluMlp,
  inferencePass,
  layerNorm,
  linearSpecs,
  type Model,
  normal,
  type ParamSpecs,
  type ParamValues,
  splitFirst,
} from '../nn/index.ts'
import type { DavitArchitecture } from './davitShapes.ts'

/** What a DaViT computes on the way to its embedding; tokens are [batch, height * width, channels]. */
export interface DavitValues {
  /** By the names that say where: `stage0.conv`, `stage0.block0.spatial.conv1`, `.window_attn`, `.spatial`, ... */
  readonly steps: Readonly<Record<string, g.Value>>
  /** The mean of the last tokens. */
  readonly pooled: g.Value
  /** The same, normalised: [batch, last width]. */
  readonly features: g.Value
  /** After projection: [batch, projection]. */
  readonly projected: g.Value
  /** The same at length 1: what MedImageInsight gives for an image. */
  readonly embedding: g.Value
}

/** A DaViT as a model whose result is the embedding of length 1. */
export interface Davit extends Model {
  readonly architecture: DavitArchitecture
  /** Writes the whole network on images [batch, 3, height, width]; it is the same in training and in use. */
  write(params: ParamValues, images: g.Value): DavitValues
}

const encoder = 'image_encoder'

/** Tokens and the sides of the map that they are the pixels of. */
interface TokenMap {
  readonly tokens: g.Value
  readonly height: number
  readonly width: number
}

/** Turns the tokens of a map into others of the same map. */
interface MapLayer {
  readonly params: ParamSpecs
  apply(values: ParamValues, map: TokenMap): g.Value
}

/** A DaViT. */
export function davit(architecture: DavitArchitecture): Davit {
  const { widths, depths, projection, layerNormEps } = architecture
  const last = widths[widths.length - 1]
  const embeddings = widths.map((_, stage) => convEmbed(architecture, stage))
  const blocks = depths.map((depth, stage) =>
    Array.from({ length: depth }, (_, block) => dualBlock(architecture, stage, block)),
  )
  const final = layerNorm(`${encoder}.norms`, last, layerNormEps)
  const halves = blocks.flat().flatMap(({ spatial, channel }) => [spatial, channel])
  const layers = [...embeddings, ...halves.flatMap(listLayers), final]
  const write = (values: ParamValues, images: g.Value): DavitValues => {
    const steps: Record<string, g.Value> = {}
    let map: TokenMap = openMap(images)
    for (const [stage, embed] of embeddings.entries()) {
      map = embed.apply(values, map)
      steps[`stage${stage}.conv`] = map.tokens
      for (const [i, { spatial, channel }] of blocks[stage].entries()) {
        const name = `stage${stage}.block${i}`
        map = applyHalf(spatial, values, map, steps, `${name}.spatial`, 'window_attn')
        map = applyHalf(channel, values, map, steps, `${name}.channel`, 'channel_attn')
      }
    }
    const pooled = g.reduceMean(map.tokens, { axes: [1] })
    const features = final.apply(values, pooled, inferencePass)
    const projected = g.matmul(features, values.image_projection)
    const length = g.sqrt(g.reduceSum(g.square(projected), { axes: [1], keep: true }))
    return { steps, pooled, features, projected, embedding: g.div(projected, length) }
  }
  return {
    architecture,
    params: Object.assign(
      { image_projection: { shape: [last, projection], role: 'weight', init: normal(0.02) } },
      ...layers.map(({ params }) => params),
    ),
    write,
    apply: (values, images) => write(values, images).embedding,
  }
}

// The images as the map that the first stage's convolution reads; its tokens are pixels.
function openMap(images: g.Value): TokenMap {
  const [batch, channels, height, width] = g.fixedShape('davit', images)
  const pixels = g.transpose(images, [0, 2, 3, 1])
  return { tokens: g.reshape(pixels, [batch, height * width, channels]), height, width }
}

function toImage({ tokens, height, width }: TokenMap): g.Value {
  const [batch, , channels] = g.fixedShape('davit', tokens)
  return g.reshape(g.transpose(tokens, [0, 2, 1]), [batch, channels, height, width])
}

function toTokens(image: g.Value): g.Value {
  const [batch, channels, height, width] = g.fixedShape('davit', image)
  return g.transpose(g.reshape(image, [batch, channels, height * width]), [0, 2, 1])
}

/** The convolution that opens a stage, normalised over its output, or over its input where the stage is so. */
function convEmbed(architecture: DavitArchitecture, stage: number) {
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

/** The branches of half a block in their order; each result is added to what it was computed from. */
interface Half {
  readonly conv1: MapLayer
  readonly attention: MapLayer
  readonly conv2: MapLayer
  readonly mlp: MapLayer
}

function dualBlock(architecture: DavitArchitecture, stage: number, block: number) {
  const { widths, heads, groups, windowSize } = architecture
  const name = `${encoder}.blocks.${stage}.${block}`
  const width = widths[stage]
  const spatial = `${name}.spatial_block.window_attn`
  const channel = `${name}.channel_block.channel_attn`
  return {
    spatial: halfBlock(
      architecture,
      width,
      spatial,
      windowAttention(`${spatial}.fn`, width, heads[stage], windowSize),
    ),
    channel: halfBlock(architecture, width, channel, channelAttention(`${channel}.fn`, width, groups[stage])),
  }
}

function halfBlock(
  { mlpRatio, layerNormEps }: DavitArchitecture,
  width: number,
  attentionName: string,
  inner: MapLayer,
): Half {
  const name = attentionName.slice(0, attentionName.lastIndexOf('.'))
  const mlp = geluMlp(`${name}.ffn.fn.net`, width, mlpRatio * width)
  return {
    conv1: depthwiseConv(`${name}.conv1.fn.dw`, width),
    attention: prenormed(layerNorm(`${attentionName}.norm`, width, layerNormEps), inner),
    conv2: depthwiseConv(`${name}.conv2.fn.dw`, width),
    mlp: prenormed(layerNorm(`${name}.ffn.norm`, width, layerNormEps), {
      params: mlp.params,
      apply: (values, { tokens }) => mlp.apply(values, tokens, inferencePass),
    }),
  }
}

function listLayers({ conv1, attention, conv2, mlp }: Half): MapLayer[] {
  return [conv1, attention, conv2, mlp]
}

function applyHalf(
  half: Half,
  values: ParamValues,
  map: TokenMap,
  steps: Record<string, g.Value>,
  name: string,
  attentionName: string,
): TokenMap {
  const advance = (from: TokenMap, layer: MapLayer): TokenMap => ({
    ...from,
    tokens: g.add(from.tokens, layer.apply(values, from)),
  })
  const placed = advance(map, half.conv1)
  const attended = advance(placed, half.attention)
  const result = advance(advance(attended, half.conv2), half.mlp)
  steps[`${name}.conv1`] = placed.tokens
  steps[`${name}.${attentionName}`] = attended.tokens
  steps[name] = result.tokens
  return result
}

function prenormed(norm: Model, layer: MapLayer): MapLayer {
  return {
    params: { ...norm.params, ...layer.params },
    apply: (values, map) =>
      layer.apply(values, { ...map, tokens: norm.apply(values, map.tokens, inferencePass) }),
  }
}

/** A 3x3 convolution of each channel by itself. */
function depthwiseConv(name: string, width: number): MapLayer {
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
function windowAttention(name: string, width: number, heads: number, side: number): MapLayer {
  const inner = attention(name, width, heads)
  return {
    params: inner.params,
    apply(values, { tokens, height, width: across }) {
      const [batch] = g.fixedShape(name, tokens)
      const [rows, columns] = [Math.ceil(height / side), Math.ceil(across / side)]
      const missing = [0, rows * side - height, columns * side - across, 0]
      const map = g.reshape(tokens, [batch, height, across, width])
      const padded = missing.some((size) => size > 0) ? g.pad(map, [0, 0, 0, 0], missing) : map
      const cut = g.reshape(padded, [batch, rows, side, columns, side, width])
      const windows = g.reshape(g.transpose(cut, [0, 1, 3, 2, 4, 5]), [
        batch * rows * columns,
        side ** 2,
        width,
      ])
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
function channelAttention(name: string, width: number, groups: number): MapLayer {
  return {
    params: {
      ...linearSpecs(`${name}.qkv`, width, 3 * width),
      ...linearSpecs(`${name}.proj`, width, width),
    },
    apply(values, { tokens }) {
      const [batch, count] = g.fixedShape(name, tokens)
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
