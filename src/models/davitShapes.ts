// DaViT as MedImageInsight's image encoder has it: four stages, each a convolution that embeds patches and then
// blocks of a window attention and a channel attention. The names are the published checkpoint's.
// Source: Ding et al. 2022, DaViT: Dual Attention Vision Transformers; microsoft/UniCL's and MedImageInsight's code.

import { linear, norm, type ParamShapes } from './vitShapes.ts'

/** Everything that decides a DaViT: lists have one entry a stage. */
export interface DavitArchitecture {
  readonly family: 'davit'
  readonly widths: readonly number[]
  readonly depths: readonly number[]
  /** Heads of the window attention. */
  readonly heads: readonly number[]
  /** Groups of the channel attention. */
  readonly groups: readonly number[]
  /** Side of the attention window in tokens. */
  readonly windowSize: number
  /** Kernel, stride and padding of the convolution that opens a stage. */
  readonly patchSizes: readonly number[]
  readonly strides: readonly number[]
  readonly paddings: readonly number[]
  /** Whether a stage normalises before its convolution (over its input) instead of after. */
  readonly prenorms: readonly boolean[]
  /** Width of the MLP's hidden layer in widths of the stage. */
  readonly mlpRatio: number
  /** Length of the embedding after projection. */
  readonly projection: number
  readonly imageSize: number
  readonly layerNormEps: number
}

/** What stands before the names of the encoder's parameters. */
export const davitEncoder = 'image_encoder'

/** The image tower's parameters with its projection, by their published names. */
export function davitShapes(davit: DavitArchitecture): ParamShapes {
  const { widths, depths, projection } = davit
  const last = widths[widths.length - 1]
  return {
    image_projection: [last, projection],
    ...Object.assign({}, ...widths.map((_, stage) => embeddingShapes(davit, stage))),
    ...Object.assign(
      {},
      ...depths.flatMap((depth, stage) =>
        Array.from({ length: depth }, (_, block) => blockShapes(davit, stage, block)),
      ),
    ),
    ...norm(`${davitEncoder}.norms`, last),
  }
}

/** Whether a tensor belongs to the text tower, which Eosin does not use. */
export function isDavitText(name: string): boolean {
  return name.startsWith('lang_encoder.') || name === 'lang_projection' || name === 'logit_scale'
}

function embeddingShapes({ widths, patchSizes, prenorms }: DavitArchitecture, stage: number): ParamShapes {
  const inputs = stage === 0 ? 3 : widths[stage - 1]
  const name = `${davitEncoder}.convs.${stage}`
  return {
    [`${name}.proj.weight`]: [widths[stage], inputs, patchSizes[stage], patchSizes[stage]],
    [`${name}.proj.bias`]: [widths[stage]],
    ...norm(`${name}.norm`, prenorms[stage] ? inputs : widths[stage]),
  }
}

function blockShapes({ widths, mlpRatio }: DavitArchitecture, stage: number, block: number): ParamShapes {
  const width = widths[stage]
  const half = (name: string, attention: string): ParamShapes => ({
    [`${name}.conv1.fn.dw.weight`]: [width, 1, 3, 3],
    [`${name}.conv1.fn.dw.bias`]: [width],
    ...norm(`${name}.${attention}.norm`, width),
    ...linear(`${name}.${attention}.fn.qkv`, 3 * width, width),
    ...linear(`${name}.${attention}.fn.proj`, width, width),
    [`${name}.conv2.fn.dw.weight`]: [width, 1, 3, 3],
    [`${name}.conv2.fn.dw.bias`]: [width],
    ...norm(`${name}.ffn.norm`, width),
    ...linear(`${name}.ffn.fn.net.fc1`, mlpRatio * width, width),
    ...linear(`${name}.ffn.fn.net.fc2`, width, mlpRatio * width),
  })
  const name = `${davitEncoder}.blocks.${stage}.${block}`
  return {
    ...half(`${name}.spatial_block`, 'window_attn'),
    ...half(`${name}.channel_block`, 'channel_attn'),
  }
}
