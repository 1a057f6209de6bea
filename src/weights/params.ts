// A checkpoint as the parameters of its model, by one set of names whatever its publisher called them: which
// naming it is follows from its tensors, and so does what a training script put before every name. Where that leaves
// several models, one table (formats/modelParts) says which is meant.

import { countValues, f32, type NdArray, sizeOf } from '../base/index.ts'
import { chooseModelPart, type ModelPart } from '../formats/index.ts'
import {
  davitShapes,
  isDavitText,
  isVitBuffer,
  type ParamShapes,
  type TensorPart,
  unchunkName,
  type VitNaming,
  vitNamings,
  vitParts,
} from '../models/index.ts'
import { assertWeights, checkWeights, countFindings, type WeightsFindings } from './check.ts'
import type { Checkpoint, FilePlace } from './checkpointFile.ts'
import type { ModelCard } from './modelCard.ts'

/** How a checkpoint fits a model. */
export interface WeightsFit {
  /** The naming that fits best. */
  readonly naming: VitNaming | 'davit'
  /** By the names of that naming, without what stood before them. */
  readonly findings: WeightsFindings
  /** Where the model stands in the checkpoint, and which others are there. */
  readonly part: ModelPart
}

/** A model's parameters in a checkpoint, read one by one. */
export interface Params {
  /** Shapes by name: dinov2's names for every ViT, the published ones for DaViT. */
  readonly shapes: ParamShapes
  readonly naming: VitNaming | 'davit'
  /** Where the model stands in the checkpoint, and which others are there. */
  readonly part: ModelPart
  /** One parameter. Throws as Checkpoint.read. */
  read(name: string): Promise<NdArray<'f32'>>
  /**
   * Where a parameter's rows lie in files, part below part; null where it must be read. A part without a place is zero.
   */
  place(name: string): Promise<readonly PlacedRows[] | null>
}

/** Some rows of a parameter that can be read in place. */
export interface PlacedRows {
  readonly shape: readonly number[]
  readonly place: FilePlace | null
}

type Parts = Readonly<Record<string, readonly TensorPart[]>>

type Named = Pick<Checkpoint, 'path' | 'part' | 'tensors' | 'refused'>

/**
 * Finds the naming that a checkpoint has, and what is missing, extra or mis-shaped by it. Throws WeightsError where it
 * holds several models and none of them is meant.
 */
export function fitWeights(checkpoint: Named, card: ModelCard): WeightsFit {
  return fitModel(checkpoint, findModel(checkpoint), card)
}

function fitModel(checkpoint: Named, model: FoundModel, card: ModelCard): WeightsFit {
  const take = <T>(values: ReadonlyMap<string, T>) =>
    new Map(
      [...model.nameOf].flatMap(([plain, name]) => (values.has(name) ? [[plain, values.get(name)!]] : [])),
    )
  const [tensors, refused] = [take(checkpoint.tensors), take(checkpoint.refused)]
  const fits = listNamings(card).map((naming) => {
    const ignored = naming === 'davit' ? isDavitText : isVitBuffer
    const findings = checkWeights({ tensors, refused }, publishedShapes(card, naming), ignored)
    return { naming, findings, part: model.part }
  })
  return fits.reduce((best, fit) => (countFindings(fit.findings) < countFindings(best.findings) ? fit : best))
}

/** The parameters of `card`'s model. Throws WeightsError naming each tensor that is missing or mis-shaped. */
export function openParams(checkpoint: Checkpoint, card: ModelCard): Params {
  const model = findModel(checkpoint)
  const { nameOf } = model
  const { naming, findings, part } = fitModel(checkpoint, model, card)
  assertWeights(checkpoint.path, card.title, findings)
  const parts = partsOf(card, naming)
  const shapes = Object.entries(parts).map(([name, [first, ...rest]]) => {
    const shape =
      rest.length === 0
        ? trimBatch(name, first.shape)
        : [first.shape[0] * (1 + rest.length), ...first.shape.slice(1)]
    return [name, shape] as const
  })
  const allShapes: ParamShapes = Object.fromEntries(shapes)
  return {
    shapes: allShapes,
    naming,
    part,
    async read(name) {
      const values = f32(allShapes[name])
      let offset = 0
      for (const part of parts[name]) {
        if (part.name !== null) values.data.set((await checkpoint.read(nameOf.get(part.name)!)).data, offset)
        if (part.zeroRows) {
          const row = sizeOf(part.shape.slice(1))
          values.data.fill(0, offset + part.zeroRows[0] * row, offset + part.zeroRows[1] * row)
        }
        offset += sizeOf(part.shape)
      }
      return values
    },
    async place(name) {
      const own = parts[name]
      const rows: PlacedRows[] = []
      for (const part of own) {
        const place = part.name === null ? null : await checkpoint.place(nameOf.get(part.name)!)
        if (part.zeroRows || (part.name !== null && place === null)) return null
        rows.push({ shape: own.length === 1 ? allShapes[name] : part.shape, place })
      }
      return rows
    },
  }
}

/** How many values a model's published weights hold. */
export function countParams(card: ModelCard): number {
  return countValues(Object.values(publishedShapes(card, card.naming)))
}

/** The tensors of a model as its card says they are published. */
export function publishedShapes(card: ModelCard, naming: WeightsFit['naming'] = card.naming): ParamShapes {
  const parts = Object.values(partsOf(card, naming)).flat()
  return Object.fromEntries(parts.flatMap(({ name, shape }) => (name === null ? [] : [[name, shape]])))
}

function listNamings(card: ModelCard): WeightsFit['naming'][] {
  return card.architecture.family === 'davit'
    ? ['davit']
    : [card.naming, ...vitNamings.filter((naming) => naming !== card.naming)]
}

function partsOf({ architecture }: ModelCard, naming: WeightsFit['naming']): Parts {
  if (architecture.family === 'vit') return vitParts(architecture, naming as VitNaming)
  const shapes = Object.entries(davitShapes(architecture))
  return Object.fromEntries(shapes.map(([name, shape]) => [name, [{ name, shape }]]))
}

// DINOv3's mask token has a batch axis that the parameter has not.
function trimBatch(name: string, shape: readonly number[]): readonly number[] {
  return name === 'mask_token' && shape.length === 3 ? shape.slice(1) : shape
}

interface FoundModel {
  readonly part: ModelPart
  /** The tensors' own names by their plain ones. */
  readonly nameOf: ReadonlyMap<string, string>
}

const landmark = /^(.*?\.)??(embeddings\.cls_token|cls_token|image_encoder\.convs\.0\.proj\.weight)$/

// The model among a checkpoint's names: each is found by its class token or first convolution, before which stands the
// place of the model in a larger one. Plain names are without that place and without chunks of blocks.
function findModel({ path, part, tensors, refused }: Named): FoundModel {
  const names = [...tensors.keys(), ...refused.keys()]
  const places = names.flatMap((name) => {
    const match = landmark.exec(name)
    return match ? [(match[1] ?? '').slice(0, -1)] : []
  })
  const { name, others } = chooseModelPart(path, places.length > 0 ? places : [''], part.asked)
  const prefix = name === '' ? '' : `${name}.`
  const nameOf = new Map<string, string>()
  for (const own of names) if (own.startsWith(prefix)) nameOf.set(unchunkName(own.slice(prefix.length)), own)
  const isOther = (own: string) => others.some((other) => other !== '' && own.startsWith(`${other}.`))
  for (const own of names) {
    if (prefix !== '' && !own.startsWith(prefix) && !isOther(own) && !nameOf.has(own)) nameOf.set(own, own)
  }
  const join = (inner: string) => [part.name, inner].filter((word) => word !== '').join('.')
  return { part: { name: join(name), others: [...part.others, ...others.map(join)] }, nameOf }
}
