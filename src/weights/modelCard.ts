// What Eosin knows of a published model: where its weights are, how its network is built, how images are made
// ready for it, what it was trained on and under which licence it may be used. Users describe further ViTs in JSON.

import { DataError, describeCause, imageNet } from '../base/index.ts'
import { readTextFile } from '../files/index.ts'
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

/** A data set that a model was trained on. */
export interface PretrainingSet {
  readonly name: string
  readonly about: string
  /** Whether it holds slides of CAMELYON16 or CAMELYON17, whose hospitals are the challenge's centers. */
  readonly camelyon: 'yes' | 'no' | 'unknown'
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

type Json = Readonly<Record<string, unknown>>

/** Reads a user's model card. Throws DataError where there is none or it says what cannot be. */
export async function readModelCard(path: string): Promise<ModelCard> {
  return parseModelCard(await readTextFile(path), path)
}

/**
 * A ViT described in JSON, as docs/weights.md shows; what is left out has the default written there.
 * Throws DataError naming the key that is missing, unknown or of a wrong kind.
 */
export function parseModelCard(text: string, where: string): ModelCard {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new DataError({ where, expected: 'JSON', got: describeCause(cause) }, cause)
  }
  const card = openObject(json, where)
  const architecture = parseVit(card.object('architecture'))
  const size = card.object('embedding', {})
  const of = size.choice('of', ['class token', 'class token and patch mean'], 'class token')
  const parsed: ModelCard = {
    title: card.text('title'),
    architecture,
    repo: card.text('repo', ''),
    files: card.list('files', usualFiles),
    naming: card.choice(
      'naming',
      ['dinov2', 'timm', 'huggingface dinov2', 'huggingface vit', 'dinov3', 'huggingface dinov3'],
      'timm',
    ),
    embedding: { size: of === 'class token' ? architecture.width : 2 * architecture.width, of },
    preprocessing: parsePreprocessing(card.object('preprocessing', {}), architecture.imageSize),
    licence: card.text('licence', 'not stated'),
    gated: card.flag('gated', false),
    pretraining: card.list('pretraining', []).map((name) => ({ name, about: '', camelyon: 'unknown' })),
    confirmed: false,
    doubts: 'described by its user',
  }
  size.end()
  card.end()
  return parsed
}

function parseVit(json: Reader): VitArchitecture {
  const width = json.size('width')
  const mlp = json.object('mlp', {})
  const vit: VitArchitecture = {
    family: 'vit',
    width,
    depth: json.size('depth'),
    heads: json.size('heads'),
    patchSize: json.size('patchSize'),
    imageSize: json.size('imageSize', 224),
    mlp: { kind: mlp.choice('kind', ['gelu', 'swiglu'], 'gelu'), hidden: mlp.size('hidden', 4 * width) },
    registers: json.size('registers', 0),
    layerScale: json.flag('layerScale', true),
    positions: json.choice(
      'positions',
      ['patches', 'class and patches', 'all', 'rotary'],
      'class and patches',
    ),
    maskToken: json.flag('maskToken', false),
    layerNormEps: json.number('layerNormEps', 1e-6),
    resampling: json.choice(
      'resampling',
      ['hub', 'hub with registers', 'huggingface', 'timm', 'none'],
      'timm',
    ),
  }
  if (vit.width % vit.heads !== 0) json.fail('heads', `a divisor of ${vit.width}`, vit.heads)
  mlp.end()
  json.end()
  return vit
}

function parsePreprocessing(json: Reader, imageSize: number): Preprocessing {
  const resize = json.object('resize', {})
  const parsed: Preprocessing = {
    resize: {
      side: resize.size('side', imageSize),
      edge: resize.choice('edge', ['shorter', 'both'], 'shorter'),
    },
    filter: json.choice('filter', ['bicubic', 'bilinear'], 'bicubic'),
    crop: json.size('crop', imageSize) || null,
    mean: json.triple('mean', imageNet.mean),
    std: json.triple('std', imageNet.std),
  }
  resize.end()
  json.end()
  return parsed
}

// Reads one JSON object key by key; `end` refuses keys that nobody asked for.
type Reader = ReturnType<typeof openObject>

function openObject(value: unknown, where: string) {
  const fail = (key: string, expected: string, got: unknown): never => {
    throw new DataError({
      where: `${where}: ${key}`,
      expected,
      got: got === undefined ? 'nothing' : JSON.stringify(got),
    })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DataError({ where, expected: 'a JSON object', got: JSON.stringify(value) })
  }
  const json = value as Json
  const asked = new Set<string>()
  function take<T>(
    key: string,
    expected: string,
    fallback: T | undefined,
    isRight: (found: unknown) => boolean,
  ): T {
    asked.add(key)
    const found = Object.hasOwn(json, key) ? json[key] : fallback
    return isRight(found) ? (found as T) : fail(key, expected, found)
  }
  const isNumber = (found: unknown): found is number => typeof found === 'number' && Number.isFinite(found)
  return {
    fail,
    text: (key: string, fallback?: string) =>
      take(key, 'a text', fallback, (found) => typeof found === 'string'),
    flag: (key: string, fallback?: boolean) =>
      take(key, 'true or false', fallback, (found) => typeof found === 'boolean'),
    number: (key: string, fallback?: number) => take(key, 'a number', fallback, isNumber),
    size: (key: string, fallback?: number) => {
      const least = fallback === undefined ? 1 : 0
      return take(
        key,
        `a whole number from ${least}`,
        fallback,
        (found) => Number.isInteger(found) && (found as number) >= least,
      )
    },
    choice: <T extends string>(key: string, choices: readonly T[], fallback?: T) =>
      take<T>(key, `one of ${choices.join(', ')}`, fallback, (found) => choices.includes(found as T)),
    list: (key: string, fallback?: readonly string[]) =>
      take<readonly string[]>(
        key,
        'a list of texts',
        fallback,
        (found) => Array.isArray(found) && found.every((item) => typeof item === 'string'),
      ),
    triple: (key: string, fallback?: readonly [number, number, number]) =>
      take<readonly [number, number, number]>(
        key,
        'three numbers',
        fallback,
        (found) => Array.isArray(found) && found.length === 3 && found.every(isNumber),
      ),
    object: (key: string, fallback?: Json) =>
      openObject(
        take<Json>(key, 'an object', fallback, (found) => typeof found === 'object' && found !== null),
        `${where}: ${key}`,
      ),
    end: () => {
      const unknown = Object.keys(json).find((key) => !asked.has(key))
      if (unknown !== undefined) fail(unknown, `one of ${[...asked].join(', ')}`, unknown)
    },
  }
}
