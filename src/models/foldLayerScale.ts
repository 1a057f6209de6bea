// Layer scale as part of the weights before it: the same network, up to rounding, with two passes fewer a block.

import { f32, type NdArray } from '../base/index.ts'
import type { VitArchitecture } from './vitShapes.ts'

type Arrays = Readonly<Record<string, NdArray<'f32'>>>

/** The layers whose outputs are scaled, each with the name of its factors. */
export function listScaledLayers({
  depth,
  mlp,
  layerScale,
}: VitArchitecture): { layer: string; gamma: string }[] {
  if (!layerScale) return []
  const last = mlp.kind === 'gelu' ? 'fc2' : 'w3'
  return Array.from({ length: depth }, (_, i) => `blocks.${i}`).flatMap((block) => [
    { layer: `${block}.attn.proj`, gamma: `${block}.ls1.gamma` },
    { layer: `${block}.mlp.${last}`, gamma: `${block}.ls2.gamma` },
  ])
}

/** The network without layer scale that gives the same, for use; `params` are by dinov2's names. */
export function foldLayerScale(
  architecture: VitArchitecture,
  params: Arrays,
): { readonly architecture: VitArchitecture; readonly params: Arrays } {
  const folded: Record<string, NdArray<'f32'>> = { ...params }
  for (const { layer, gamma } of listScaledLayers(architecture)) {
    delete folded[gamma]
    for (const name of [`${layer}.weight`, `${layer}.bias`])
      folded[name] = scaleRows(params[name], params[gamma].data)
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
