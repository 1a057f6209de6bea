// The vision transformers: what decides one, and the names and shapes of its parameters. The names are those of
// facebookresearch/dinov2 for every ViT; vitNames.ts says what other publishers call the same tensors.

/** Everything that decides a ViT's tensors and what it computes. */
export interface VitArchitecture {
  readonly family: 'vit'
  /** Length of a token. */
  readonly width: number
  readonly depth: number
  readonly heads: number
  /** Side of a patch token in pixels. */
  readonly patchSize: number
  /** Side in pixels of the images that the position embedding was made for. */
  readonly imageSize: number
  /** `gelu`: two layers around an exact-erf GELU; `swiglu`: silu(x1) * x2, `hidden` wide, then a layer. */
  readonly mlp: { readonly kind: 'gelu' | 'swiglu'; readonly hidden: number }
  /** Register tokens, which follow the class token. */
  readonly registers: number
  /** Whether each branch is scaled channel by channel before it is added. */
  readonly layerScale: boolean
  /** Which tokens have rows of their own in the position embedding; `rotary`: none, queries and keys are rotated. */
  readonly positions: 'patches' | 'class and patches' | 'all' | 'rotary'
  /** Whether checkpoints hold a mask token, which only pre-training uses. */
  readonly maskToken: boolean
  readonly layerNormEps: number
  /** How the position embedding is resampled for other image sizes: the convention of its publisher. */
  readonly resampling: 'hub' | 'hub with registers' | 'huggingface' | 'timm' | 'none'
}

/** Shapes by parameter name, in the order of a checkpoint. */
export type ParamShapes = Readonly<Record<string, readonly number[]>>

/** The parameters of a ViT by their dinov2 names. */
export function vitShapes(vit: VitArchitecture): ParamShapes {
  const { width, depth, patchSize, registers, maskToken, positions } = vit
  const rows = countPositions(vit)
  return {
    cls_token: [1, 1, width],
    ...(positions !== 'rotary' && { pos_embed: [1, rows, width] }),
    ...(registers > 0 && { register_tokens: [1, registers, width] }),
    ...(maskToken && { mask_token: [1, width] }),
    'patch_embed.proj.weight': [width, 3, patchSize, patchSize],
    'patch_embed.proj.bias': [width],
    ...Object.assign({}, ...Array.from({ length: depth }, (_, i) => blockShapes(`blocks.${i}`, vit))),
    'norm.weight': [width],
    'norm.bias': [width],
  }
}

/** Rows of the position embedding: one a patch, and those of the prefix tokens that have one. */
export function countPositions({ imageSize, patchSize, registers, positions }: VitArchitecture): number {
  const patches = Math.floor(imageSize / patchSize) ** 2
  const prefix = { patches: 0, 'class and patches': 1, all: 1 + registers, rotary: -patches }
  return patches + prefix[positions]
}

function blockShapes(block: string, { width, mlp, layerScale }: VitArchitecture): ParamShapes {
  const isGelu = mlp.kind === 'gelu'
  return {
    ...norm(`${block}.norm1`, width),
    ...linear(`${block}.attn.qkv`, 3 * width, width),
    ...linear(`${block}.attn.proj`, width, width),
    ...(layerScale && { [`${block}.ls1.gamma`]: [width] }),
    ...norm(`${block}.norm2`, width),
    ...linear(`${block}.mlp.${isGelu ? 'fc1' : 'w12'}`, isGelu ? mlp.hidden : 2 * mlp.hidden, width),
    ...linear(`${block}.mlp.${isGelu ? 'fc2' : 'w3'}`, width, mlp.hidden),
    ...(layerScale && { [`${block}.ls2.gamma`]: [width] }),
  }
}

/** A linear layer's parameters: weight [outputs, inputs] and bias. */
export function linear(name: string, outputs: number, inputs: number): ParamShapes {
  return { [`${name}.weight`]: [outputs, inputs], [`${name}.bias`]: [outputs] }
}

/** A layer norm's parameters. */
export function norm(name: string, width: number): ParamShapes {
  return { [`${name}.weight`]: [width], [`${name}.bias`]: [width] }
}
