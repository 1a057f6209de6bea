// The vision transformer: patches and prefix tokens through blocks of attention and MLP, each normalised before.
// One function for DINOv2 and 3 and for timm's and Hugging Face's ViTs; `VitArchitecture` says where they differ.
// Sources: Dosovitskiy et al. 2021; Oquab et al. 2024 (DINOv2); Darcet et al. 2024 (registers).

import * as g from '../graph/index.ts'
import {
  activation,
  attention,
  fill,
  geluMlp,
  inferencePass,
  layerNorm,
  layerScale,
  type Model,
  normal,
  type ParamSpecs,
  type ParamValues,
  patchEmbed,
  type Rotation,
  sequential,
  swigluMlp,
} from '../nn/index.ts'
import { resamplePositions } from './positions.ts'
import { rotaryPositions } from './rotary.ts'
import { countPositions, type VitArchitecture } from './vitShapes.ts'

type Grid = readonly [rows: number, columns: number]

/** What a ViT computes on the way to its tokens. */
export interface VitValues {
  /** [batch, patches, width], before positions are added. */
  readonly patchEmbed: g.Value
  /** The position embedding as it is added: [1, rows, width]; null where queries and keys are rotated instead. */
  readonly positions: g.Value | null
  /** [batch, prefix + patches, width], what enters the first block. */
  readonly tokensIn: g.Value
  /** The result of each block. */
  readonly blocks: readonly g.Value[]
  /** After the final normalisation: class token, registers, patches in row-major order. */
  readonly tokens: g.Value
}

/** A ViT as a model whose result is its normalised tokens, and its parts for those who need less than the whole. */
export interface Vit extends Model {
  readonly architecture: VitArchitecture
  /** Class token and registers. */
  readonly prefixTokens: number
  /** Writes the whole network on images [batch, 3, height, width]; it is the same in training and in use. */
  write(params: ParamValues, images: g.Value): VitValues
  /**
   * The normalised class token alone, [batch, width]: as in `write`, but the last block is spared the other tokens,
   * which nothing needs.
   */
  writeClassToken(params: ParamValues, images: g.Value): g.Value
  /**
   * What `writeClassToken` gives, from the tokens that enter block `from`; `grid` (rows and columns of patches, a
   * square by default) matters to rotary positions only.
   */
  writeTail(params: ParamValues, tokens: g.Value, from: number, grid?: Grid): g.Value
}

/** A vision transformer; parameters have dinov2's names. */
export function vit(architecture: VitArchitecture): Vit {
  const { width, depth, heads, patchSize, layerNormEps, registers } = architecture
  const cut = patchEmbed('patch_embed', patchSize, width)
  const blocks = Array.from({ length: depth }, (_, i) => vitBlock(`blocks.${i}`, architecture))
  const final = layerNorm('norm', width, layerNormEps)
  const params = [cut, ...blocks, final].map((part) => part.params)
  const rotationOf = (grid: Grid) =>
    architecture.positions === 'rotary' ? rotaryPositions(1 + registers, grid, width / heads) : undefined
  const write = (values: ParamValues, images: g.Value): VitValues => {
    const embedded = cut.apply(values, images, inferencePass)
    const [height, across] = images.shape.slice(2) as number[]
    const grid: Grid = [height / patchSize, across / patchSize]
    const rotation = rotationOf(grid)
    const { positions, tokensIn } = addPrefix(architecture, values, embedded, grid)
    const results: g.Value[] = []
    for (const block of blocks) results.push(block.apply(values, results.at(-1) ?? tokensIn, rotation))
    const tokens = final.apply(values, results.at(-1) ?? tokensIn, inferencePass)
    return { patchEmbed: embedded, positions, tokensIn, blocks: results, tokens }
  }
  const writeTail = (
    values: ParamValues,
    tokens: g.Value,
    from: number,
    grid = squareGrid(tokens, 1 + registers),
  ): g.Value => {
    const rotation = rotationOf(grid)
    const before = blocks.slice(from, -1).reduce((x, block) => block.apply(values, x, rotation), tokens)
    const last =
      from < depth ? blocks[depth - 1].applyToFirst(values, before, 1, rotation) : g.slice(before, 1, 0, 1)
    return g.reshape(final.apply(values, last, inferencePass), [tokens.shape[0], width])
  }
  return {
    architecture,
    prefixTokens: 1 + registers,
    params: Object.assign(prefixSpecs(architecture), ...params),
    write,
    apply: (values, images) => write(values, images).tokens,
    writeClassToken(values, images) {
      const { tokensIn } = write(values, images)
      const [height, across] = images.shape.slice(2) as number[]
      return writeTail(values, tokensIn, 0, [height / patchSize, across / patchSize])
    },
    writeTail,
  }
}

// The side of the square that the patch tokens are; tokens that are none have no side that a rotation could use.
function squareGrid({ shape }: g.Value, prefixTokens: number): Grid {
  const side = Math.sqrt((shape[1] as number) - prefixTokens)
  return [side, side]
}

/** A block, which can also be had for the first tokens only. */
interface Block {
  readonly params: ParamSpecs
  apply(values: ParamValues, x: g.Value, rotation?: Rotation): g.Value
  applyToFirst(values: ParamValues, x: g.Value, count: number, rotation?: Rotation): g.Value
}

/** x + attention(norm1 x), then x + mlp(norm2 x); each branch scaled channel by channel where the model is so. */
function vitBlock(name: string, architecture: VitArchitecture): Block {
  const { width, heads, mlp: form, layerNormEps, layerScale: isScaled } = architecture
  const norm1 = layerNorm(`${name}.norm1`, width, layerNormEps)
  const attend = attention(`${name}.attn`, width, heads)
  const scale1 = isScaled ? layerScale(`${name}.ls1`, width) : activation((x) => x)
  const norm2 = layerNorm(`${name}.norm2`, width, layerNormEps)
  const mlp = (form.kind === 'gelu' ? geluMlp : swigluMlp)(`${name}.mlp`, width, form.hidden)
  const scale2 = isScaled ? layerScale(`${name}.ls2`, width) : activation((x) => x)
  const second = sequential([norm2, mlp, scale2])
  const join = (values: ParamValues, x: g.Value, attended: g.Value) => {
    const sum = g.add(x, scale1.apply(values, attended, inferencePass))
    return g.add(sum, second.apply(values, sum, inferencePass))
  }
  return {
    params: Object.assign({}, ...[norm1, attend, scale1, second].map(({ params }) => params)),
    apply(values, x, rotation) {
      const normal = norm1.apply(values, x, inferencePass)
      return join(values, x, attend.apply(values, normal, inferencePass, rotation))
    },
    applyToFirst(values, x, count, rotation) {
      const normal = norm1.apply(values, x, inferencePass)
      return join(values, g.slice(x, 1, 0, count), attend.applyToFirst(values, normal, count, rotation))
    },
  }
}

function prefixSpecs(architecture: VitArchitecture): ParamSpecs {
  const { width, registers, maskToken, positions } = architecture
  const token = (shape: readonly number[]) => ({ shape, role: 'bias', init: normal(0.02) }) as const
  return {
    cls_token: token([1, 1, width]),
    ...(positions !== 'rotary' && { pos_embed: token([1, countPositions(architecture), width]) }),
    ...(registers > 0 && { register_tokens: token([1, registers, width]) }),
    ...(maskToken && { mask_token: { ...token([1, width]), init: fill(0) } }),
  }
}

// Positions are added to the tokens that have rows of their own; the others join after.
function addPrefix(
  { positions: owners, registers, resampling }: VitArchitecture,
  values: ParamValues,
  patches: g.Value,
  grid: Grid,
): { positions: g.Value | null; tokensIn: g.Value } {
  const repeat = (token: g.Value) => repeatForBatch(token, patches)
  const classToken = repeat(values.cls_token)
  const extra = registers > 0 ? [repeat(values.register_tokens)] : []
  if (owners === 'rotary') return { positions: null, tokensIn: g.concat([classToken, ...extra, patches], 1) }
  const ownRows = { patches: 0, 'class and patches': 1, all: 1 + registers }[owners]
  const positions = resamplePositions(values.pos_embed, ownRows, grid, resampling)
  if (owners === 'all') {
    return { positions, tokensIn: g.add(g.concat([classToken, ...extra, patches], 1), positions) }
  }
  if (owners === 'patches') {
    return { positions, tokensIn: g.concat([classToken, ...extra, g.add(patches, positions)], 1) }
  }
  const placed = g.add(g.concat([classToken, patches], 1), positions)
  if (extra.length === 0) return { positions, tokensIn: placed }
  const [first, rest] = g.split(placed, 1, [1, grid[0] * grid[1]])
  return { positions, tokensIn: g.concat([first, ...extra, rest], 1) }
}

// [1, count, width] for each image of the batch, whose size may be named.
function repeatForBatch(token: g.Value, patches: g.Value): g.Value {
  const [batch] = patches.shape
  return typeof batch === 'number'
    ? g.expand(token, [batch, ...(token.shape.slice(1) as number[])])
    : g.repeatLike(token, g.slice(patches, 1, 0, 1))
}
