// DaViT as MedImageInsight's image encoder: in each block a window attention, then a channel attention, and before
// each attention and MLP a depthwise convolution that encodes positions. Names are the published checkpoint's.
// Source: Ding et al. 2022, DaViT: Dual Attention Vision Transformers; microsoft/UniCL's davit_v1.

import * as g from '../graph/index.ts'
import { geluMlp, inferencePass, layerNorm, type Model, normal, type ParamValues } from '../nn/index.ts'
import {
  channelAttention,
  convEmbed,
  depthwiseConv,
  type MapLayer,
  openMap,
  prenormed,
  type TokenMap,
  windowAttention,
} from './davitLayers.ts'
import { type DavitArchitecture, davitEncoder as encoder } from './davitShapes.ts'

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
