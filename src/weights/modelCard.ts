// What Eosin knows of a published model: where its weights are, how its network is built, how images are made
// ready for it, what it was trained on and under which licence it may be used.

import type { DavitArchitecture } from '../models/davitShapes.ts'
import type { VitNaming } from '../models/vitNames.ts'
import type { VitArchitecture } from '../models/vitShapes.ts'

/** How an RGB image becomes the network's input, in this order: resize, crop, divide by 255, mean and std. */
export interface Preprocessing {
  /** Pixels: `side` of the shorter edge (aspect kept) or of both edges (aspect not kept). */
  readonly resize: { readonly side: number; readonly edge: 'shorter' | 'both' }
  readonly filter: 'bicubic' | 'bilinear'
  /** Side of the central crop, or null for none. */
  readonly crop: number | null
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
}

/** A data set that a model was trained on; the room guards knows whose tissue some of them hold. */
export interface PretrainingSet {
  readonly name: string
  readonly about: string
}

/** A published model. */
export interface ModelCard {
  readonly title: string
  readonly architecture: VitArchitecture | DavitArchitecture
  /** The hub's repository, and files in the order in which to try them: the first that is there is taken. */
  readonly repo: string
  readonly files: readonly string[]
  /** What the published files call their tensors. */
  readonly naming: VitNaming | 'davit'
  /** sha256 and size of the file, where they are known beforehand. */
  readonly sha256?: string
  readonly bytes?: number
  readonly embedding: {
    readonly size: number
    readonly of: 'class token' | 'class token and patch mean' | 'image'
  }
  readonly preprocessing: Preprocessing
  readonly licence: string
  /** Whether the licence has to be accepted on the model's page before its files can be fetched. */
  readonly gated: boolean
  readonly pretraining: readonly PretrainingSet[]
  /** False where something of the card is second-hand; `doubts` then says what. */
  readonly confirmed: boolean
  readonly doubts?: string
}

/** The usual files of a Hugging Face repository. */
export const usualFiles = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const
