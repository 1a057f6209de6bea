// Layer scale as part of the weights before it: the same network, up to rounding, with two passes fewer a block.

import { f32, type NdArray } from '../base/index.ts'
import type { VitArchitecture } from './vitShapes.ts'

type Arrays = Readonly<Record<string, NdArray<'f32'>>>

/** The network without layer scale that gives the same, for use; `params` are by dinov2's names. */
export function foldLayerScale(
  architecture: VitArchitecture,
  params: Arrays,
): { readonly architecture: VitArchitecture; readonly params: Arrays } {
  if (!architecture.layerScale) return { architecture, params }
  const folded: Record<string, NdArray<'f32'>> = { ...params }
  const mlp = architecture.mlp.kind === 'gelu' ? 'fc2' : 'w3'
  for (let i = 0; i < architecture.depth; i++) {
    for (const [scale, layer] of [
      ['ls1', 'attn.proj'],
      ['ls2', `mlp.${mlp}`],
    ]) {
      const gamma = params[`blocks.${i}.${scale}.gamma`]
      delete folded[`blocks.${i}.${scale}.gamma`]
      for (const part of ['weight', 'bias']) {
        const name = `blocks.${i}.${layer}.${part}`
        folded[name] = scaleRows(params[name], gamma.data)
      }
    }
  }
  return { architecture: { ...architecture, layerScale: false }, params: folded }
}

// Row i, or element i of a bias, times factor i.
function scaleRows({ shape, data }: NdArray<'f32'>, factors: Float32Array): NdArray<'f32'> {
  const columns = data.length / factors.length
  const scaled = new Float32Array(data.length)
  for (let i = 0; i < factors.length; i++) {
    for (let at = i * columns; at < (i + 1) * columns; at++) scaled[at] = data[at] * factors[i]
  }
  return f32(shape, scaled)
}
