// What publishers call a ViT's tensors: for each naming, how a dinov2 name is rewritten, and which tensors are
// published in parts (query, key and value apart instead of one qkv).
// Sources: facebookresearch/dinov2 and dinov3; timm's vision_transformer.py; transformers' modeling_dinov2.py,
// modeling_vit.py and modeling_dinov3_vit.py.

import { type ParamShapes, type VitArchitecture, vitShapes } from './vitShapes.ts'

type Rewrite = readonly [from: RegExp, to: string]
interface Naming {
  readonly rewrites: readonly Rewrite[]
  /** What stands for `qkv` in the rewritten name, where the three are apart. */
  readonly splitQkv?: readonly [query: string, key: string, value: string]
  /** Keys have no bias there: it is zero. */
  readonly lacksKeyBias?: boolean
  /** Keys have a bias there, but a mask in the code takes it away. */
  readonly masksKeyBias?: boolean
  /** The mask token has a batch axis of its own. */
  readonly longMaskToken?: boolean
  readonly lacksMaskToken?: boolean
}

// The part of a block's name that all of Hugging Face's classes share.
const huggingFaceEmbeddings: readonly Rewrite[] = [
  [/^(cls_token|mask_token|register_tokens)$/, 'embeddings.$1'],
  [/^pos_embed$/, 'embeddings.position_embeddings'],
]
const huggingFaceEncoder: readonly Rewrite[] = [
  ...huggingFaceEmbeddings,
  [/^patch_embed\.proj/, 'embeddings.patch_embeddings.projection'],
  [/^norm\./, 'layernorm.'],
  [/^blocks\./, 'encoder.layer.'],
  [/\.attn\.qkv/, '.attention.attention.qkv'],
  [/\.attn\.proj/, '.attention.output.dense'],
]

const namings = {
  /** facebookresearch/dinov2: the names used here, `blocks.0.attn.qkv.weight`. */
  dinov2: { rewrites: [] },
  /** timm: `reg_token`, and the gated layers named as the plain ones. */
  timm: {
    rewrites: [
      [/^register_tokens$/, 'reg_token'],
      [/\.mlp\.w12/, '.mlp.fc1'],
      [/\.mlp\.w3/, '.mlp.fc2'],
    ],
    lacksMaskToken: true,
  },
  /** transformers' Dinov2Model and Dinov2WithRegistersModel. */
  'huggingface dinov2': {
    rewrites: [
      ...huggingFaceEncoder,
      [/\.ls(\d)\.gamma/, '.layer_scale$1.lambda1'],
      [/\.mlp\.w12/, '.mlp.weights_in'],
      [/\.mlp\.w3/, '.mlp.weights_out'],
    ],
    splitQkv: ['query', 'key', 'value'],
  },
  /** transformers' ViTModel. */
  'huggingface vit': {
    rewrites: [
      ...huggingFaceEncoder,
      [/\.norm1/, '.layernorm_before'],
      [/\.norm2/, '.layernorm_after'],
      [/\.mlp\.fc1/, '.intermediate.dense'],
      [/\.mlp\.fc2/, '.output.dense'],
    ],
    splitQkv: ['query', 'key', 'value'],
  },
  /** facebookresearch/dinov3: dinov2's names but for the registers. */
  dinov3: { rewrites: [[/^register_tokens$/, 'storage_tokens']], masksKeyBias: true },
  /** transformers' DINOv3ViTModel. */
  'huggingface dinov3': {
    rewrites: [
      ...huggingFaceEmbeddings,
      [/^patch_embed\.proj/, 'embeddings.patch_embeddings'],
      [/^blocks\./, 'layer.'],
      [/\.attn\.qkv/, '.attention.qkv'],
      [/\.attn\.proj/, '.attention.o_proj'],
      [/\.ls(\d)\.gamma/, '.layer_scale$1.lambda1'],
      [/\.mlp\.fc1/, '.mlp.up_proj'],
      [/\.mlp\.fc2/, '.mlp.down_proj'],
    ],
    splitQkv: ['q_proj', 'k_proj', 'v_proj'],
    lacksKeyBias: true,
    longMaskToken: true,
  },
} as const satisfies Record<string, Naming>

/** The ways in which ViT checkpoints name their tensors. */
export type VitNaming = keyof typeof namings
export const vitNamings = Object.keys(namings) as VitNaming[]

/** A published tensor that is a parameter, or some of its rows; name null: it is not published, and zero. */
export interface TensorPart {
  readonly name: string | null
  readonly shape: readonly number[]
  /** Rows from the first up to the second are zero, whatever is published. */
  readonly zeroRows?: readonly [number, number]
}

/** For each parameter (by its dinov2 name) the published tensors that, one below the other, are its rows. */
export function vitParts(
  vit: VitArchitecture,
  naming: VitNaming,
): Readonly<Record<string, readonly TensorPart[]>> {
  const { rewrites, splitQkv, lacksKeyBias, masksKeyBias, lacksMaskToken, longMaskToken }: Naming =
    namings[naming]
  const parts: Record<string, TensorPart[]> = {}
  for (const [parameter, shape] of Object.entries(vitShapes(vit))) {
    if (parameter === 'mask_token' && lacksMaskToken) continue
    const name = rewrites.reduce((text, [from, to]) => text.replace(from, to), parameter)
    if (splitQkv && name.includes('qkv')) {
      const rows = [shape[0] / 3, ...shape.slice(1)]
      parts[parameter] = splitQkv.map((part, i) => {
        const isAbsent = lacksKeyBias && i === 1 && parameter.endsWith('.bias')
        return { name: isAbsent ? null : name.replace('qkv', part), shape: rows }
      })
    } else {
      const published = parameter === 'mask_token' && longMaskToken ? [1, ...shape] : shape
      const isMasked = masksKeyBias && parameter.endsWith('.qkv.bias')
      parts[parameter] = [
        { name, shape: published, ...(isMasked && { zeroRows: [shape[0] / 3, (2 * shape[0]) / 3] }) },
      ]
    }
  }
  return parts
}

/** The names and shapes of a published checkpoint of `vit`. */
export function publishedVitShapes(vit: VitArchitecture, naming: VitNaming): ParamShapes {
  const parts = Object.values(vitParts(vit, naming)).flat()
  return Object.fromEntries(parts.flatMap(({ name, shape }) => (name === null ? [] : [[name, shape]])))
}

/** Whether a tensor of a ViT's checkpoint follows from the architecture and holds nothing learnt. */
export function isVitBuffer(name: string): boolean {
  return /^rope_embed\.periods$|\.attn\.qkv\.bias_mask$/.test(name)
}

/** The name that a tensor of a checkpoint with chunked blocks (`blocks.0.3.norm1`) has without them. */
export function unchunkName(name: string): string {
  return name.replace(/^blocks\.\d+\.(\d+)\./, 'blocks.$1.')
}
