// A user's own model, described in JSON: a ViT, or a DaViT in the form of MedImageInsight's.

import { DataError, describeCause, imageNet } from '../base/index.ts'
import { readTextFile } from '../files/index.ts'
import type { DavitArchitecture } from '../models/davitShapes.ts'
import type { VitArchitecture } from '../models/vitShapes.ts'
import { catalog, type ModelName } from './catalog.ts'
import { type ModelCard, type Preprocessing, usualFiles } from './modelCard.ts'
import { splitModelName } from './modelName.ts'

type Json = Readonly<Record<string, unknown>>

type Family = ModelCard['architecture']['family']

/** Reads a user's model card, of a `family` where it has to be one. Throws DataError where there is none or it says what cannot be. */
export async function readModelCard(path: string, family?: Family): Promise<ModelCard> {
  const card = parseModelCard(await readTextFile(path), path)
  const got = card.architecture.family
  if (family === undefined || got === family) return card
  throw new DataError({
    where: `${path}: architecture: family`,
    expected: family,
    got,
    hint: `write ${got}:${path}`,
  })
}

/** The card of a model as recipes name it: of the catalog, `vit:CARD.json` or `davit:CARD.json`; null for other names. */
export async function readNamedCard(name: string): Promise<ModelCard | null> {
  const { family, path } = splitModelName(name)
  if (family === 'vit' || family === 'davit') return readModelCard(path, family)
  return Object.hasOwn(catalog, name) ? catalog[name as ModelName] : null
}

/**
 * A model described in JSON, as docs/weights.md shows; what is left out has the default written there.
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
  const architecture = parseArchitecture(card.object('architecture'))
  const isVit = architecture.family === 'vit'
  const size = card.object('embedding', {})
  const of = isVit ? size.choice('of', ['class token', 'class token and patch mean'], 'class token') : 'image'
  const parsed: ModelCard = {
    title: card.text('title'),
    architecture,
    repo: card.text('repo', ''),
    files: card.list('files', usualFiles),
    naming: isVit
      ? card.choice(
          'naming',
          ['dinov2', 'timm', 'huggingface dinov2', 'huggingface vit', 'dinov3', 'huggingface dinov3'],
          'timm',
        )
      : 'davit',
    embedding: { size: countColumns(architecture, of), of },
    preprocessing: parsePreprocessing(card.object('preprocessing', {}), architecture),
    licence: card.text('licence', 'not stated'),
    gated: card.flag('gated', false),
    pretraining: card.list('pretraining', []).map((name) => ({ name, about: '' })),
    confirmed: false,
    doubts: 'described by its user',
  }
  size.end()
  card.end()
  return parsed
}

function countColumns(architecture: ModelCard['architecture'], of: ModelCard['embedding']['of']): number {
  if (architecture.family === 'davit') return architecture.projection
  return of === 'class token' ? architecture.width : 2 * architecture.width
}

function parseArchitecture(json: Reader): ModelCard['architecture'] {
  return json.choice('family', ['vit', 'davit'], 'vit') === 'vit' ? parseVit(json) : parseDavit(json)
}

// What is left out is as in MedImageInsight's image encoder.
function parseDavit(json: Reader): DavitArchitecture {
  const widths = json.sizes('widths')
  const stages = widths.length
  const heads = json.sizes('heads', undefined, stages)
  const groups = json.sizes('groups', heads, stages)
  for (const [key, parts] of Object.entries({ heads, groups })) {
    const odd = parts.findIndex((part, stage) => widths[stage] % part !== 0)
    if (odd >= 0) json.fail(key, `divisors of the widths ${widths.join(', ')}`, parts)
  }
  const later = (first: number, others: number) => widths.map((_, stage) => (stage === 0 ? first : others))
  const davit: DavitArchitecture = {
    family: 'davit',
    widths,
    depths: json.sizes('depths', undefined, stages),
    heads,
    groups,
    windowSize: json.size('windowSize', 12),
    patchSizes: json.sizes('patchSizes', later(7, 3), stages),
    strides: json.sizes('strides', later(4, 2), stages),
    paddings: json.sizes('paddings', later(3, 1), stages),
    prenorms: widths.map((_, stage) => stage > 0),
    mlpRatio: json.size('mlpRatio', 4),
    projection: json.size('projection', widths[stages - 1]),
    imageSize: json.size('imageSize', 480),
    layerNormEps: json.number('layerNormEps', 1e-5),
  }
  json.end()
  return davit
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

// A DaViT takes the whole image, as MedImageInsight's does.
function parsePreprocessing(json: Reader, { family, imageSize }: ModelCard['architecture']): Preprocessing {
  const isVit = family === 'vit'
  const resize = json.object('resize', {})
  const parsed: Preprocessing = {
    resize: {
      side: resize.size('side', imageSize),
      edge: resize.choice('edge', ['shorter', 'both'], isVit ? 'shorter' : 'both'),
    },
    filter: json.choice('filter', ['bicubic', 'bilinear'], 'bicubic'),
    crop: json.size('crop', isVit ? imageSize : 0) || null,
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
    /** Whole numbers from 1, or from 0 where there is a default; `length` of them. */
    sizes: (key: string, fallback?: readonly number[], length?: number) => {
      const least = fallback === undefined ? 1 : 0
      const count = length === undefined ? 'a list' : `a list of ${length}`
      const isSize = (item: unknown) => Number.isInteger(item) && (item as number) >= least
      return take<readonly number[]>(
        key,
        `${count} of whole numbers from ${least}`,
        fallback,
        (found) =>
          Array.isArray(found) &&
          found.length > 0 &&
          (length === undefined || found.length === length) &&
          found.every(isSize),
      )
    },
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
