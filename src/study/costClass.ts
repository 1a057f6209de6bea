// What decides the cost of each kind of task: its class, the size of an item and how many items there are. Labels, paths of
// weights, seeds and versions decide nothing, so that what one study took says what the next will take.

import type { AdaptOptions } from '../adapt/index.ts'
import { extractors } from '../embed/index.ts'
import type { Engines } from '../engine/index.ts'
import { hashBytes } from '../files/index.ts'
import { countPixelBytes, methodOf, patchesPerGroup } from '../normalise/index.ts'
import type { PatchSet } from '../patches/index.ts'
import type { AdaptEntry, AugmentEntry, AxisEntry, PlainOptions, StainEntry } from '../recipe/index.ts'
import { headMethodOf } from '../recipe/index.ts'
import { augmentationDefaults } from '../stain/index.ts'
import type { Cost } from '../tasks/index.ts'
import { splitModelName } from '../weights/index.ts'
import type { OpenSplits } from './splits.ts'

/** What of a set of patches decides what looking at them costs. */
export type CostedSet = Pick<
  PatchSet,
  'format' | 'storage' | 'count' | 'height' | 'width' | 'centers' | 'slides'
>

const pixelsOf = ({ height, width }: Pick<CostedSet, 'height' | 'width'>) => height * width
const readingOf = ({ format, storage }: CostedSet) => `${format} ${storage}`
const deviceOf = (engine: string) => engine.split(' ').at(-1)!

/** Of hashing a set. */
export function hashCost(set: CostedSet): Cost {
  return {
    class: joinClass('hash', readingOf(set)),
    size: pixelsOf(set),
    items: set.count,
    bytes: 40 * set.count,
  }
}

/** Of comparing two sets by looks: each patch of the second with those of the first that share a part of its hash. */
export function compareCost(first: CostedSet, second: CostedSet): Cost {
  return { class: 'compare', size: first.count, items: second.count }
}

/** Of filtering a set. */
export function filterCost(set: CostedSet): Cost {
  return { class: joinClass('filter', readingOf(set)), size: pixelsOf(set), items: set.count }
}

/** Of fitting a stain; items are the patches of its reference, or the pictures that a training shows. */
export function fitCost(stain: StainEntry, splits: OpenSplits, engines: Engines): Cost {
  const { train, fallsBack: _, needsReference } = methodOf(stain)
  const name = describeStain(stain, trainingOptions)
  const { reference } = stain
  if (!train) {
    const asked = reference === 'published' ? 0 : (reference.ids?.length ?? reference.count ?? 0)
    const items = needsReference ? asked : 0
    return {
      class: joinClass('fit', name),
      size: pixelsOf(splits.train.set),
      items,
      like: [`fit ${stain.name}`],
    }
  }
  const { weights, distill, side } = stain.options as unknown as TrainingOptions
  const device = deviceOf(engines.device)
  const size = pixelsOf(splits.train.set)
  if (weights) return { class: joinClass('fit', name, 'from weights', device), size, items: 1 }
  if (distill !== null)
    return { class: joinClass('fit', name, 'distilled', device), size, items: 1, usesThreads: true }
  return {
    class: joinClass('fit', name, device),
    size: side === null ? size : side ** 2,
    items: countShown(stain, splits),
    usesThreads: true,
  }
}

/** Of fitting a stain on the groups of a set. */
export function groupsCost(stain: StainEntry, set: CostedSet): Cost {
  const { centers, slides } = countSampled(set)
  const items = centers + (stain.fallback === 'center' ? 0 : slides)
  return {
    class: joinClass('groups', describeStain(stain)),
    size: pixelsOf(set),
    items,
    like: [`groups ${stain.name}`],
  }
}

/** What is known of an extractor before it is run. */
export interface ExtractorFacts {
  readonly key: string
  readonly dimensions: number
}

/**
 * Of embedding a set: under a stain, unless it was normalised before, in so many views, by an extractor of so many
 * dimensions.
 */
export function embedCost(
  {
    stain,
    augment,
    embed,
  }: { readonly stain: StainEntry; readonly augment: AugmentEntry; readonly embed: AxisEntry },
  set: CostedSet,
  { views, isStained }: { readonly views: number; readonly isStained: boolean },
  dimensions: number,
  engines: Engines,
): Cost {
  const { family } = splitModelName(embed.name)
  const method = extractors[family as keyof typeof extractors]
  const options = describeOptions(embed.options, method.defaults as PlainOptions, ['weights', 'part'])
  // A network resizes patches, so that its time does not grow with their pixels.
  const network = method.usesDevice ? `${set.height}x${set.width} ${deviceOf(engines.device)}` : ''
  const extractor = `${embed.name}${options}`
  const shown = views > 1 ? describeViews(augment) : ''
  const rows = set.count * views
  return {
    class: joinClass('embed', extractor, network, isStained ? 'stained' : describeUse(stain), shown),
    size: method.usesDevice ? 1 : pixelsOf(set),
    items: rows,
    usesThreads: true,
    bytes: 4 * rows * dimensions,
    like: [joinClass('embed', extractor, network, isStained ? 'stained' : stain.name)],
  }
}

/** Of normalising a set, to be kept. */
export function pixelsCost(stain: StainEntry, set: CostedSet, engines: Engines): Cost {
  const isTrained = methodOf(stain).train !== undefined
  return {
    class: joinClass('pixels', describeUse(stain), isTrained ? deviceOf(engines.device) : ''),
    size: pixelsOf(set),
    items: set.count,
    ...(isTrained && { usesThreads: true as const }),
    bytes: countPixelBytes(set),
    like: [`pixels ${stain.name}`],
  }
}

/** Of training a head on rows of so many dimensions, and of applying it to others. */
export function headCost(
  entry: AxisEntry,
  { options: adapt }: AdaptEntry,
  rows: { readonly trained: number; readonly predicted: number },
  dimensions: number,
  engines: Engines,
): Cost {
  const { name, defaults, usesDevice } = headMethodOf(entry)
  const options = describeOptions(entry.options, defaults as PlainOptions, ['weights', 'part'])
  const device = usesDevice ? deviceOf(engines.device) : ''
  const isNeighbours = name === 'knn'
  const widths = [dimensions, ...(name === 'mlp' ? (entry.options.hidden as number[]) : []), 1]
  const size = widths.slice(1).reduce((sum, width, layer) => sum + width * widths[layer], 0)
  // Weights are kept twice: as they are, and in the graph that others may run.
  const kept = isNeighbours ? 4 * dimensions * rows.trained : 8 * size
  return {
    class: joinClass('head', `${name}${options}${describeRobust(adapt)}`, device),
    size,
    // Each predicted row is compared with each that was learned.
    items: isNeighbours ? rows.trained * rows.predicted : rows.trained,
    ...(name !== 'finetune' && { bytes: kept + 4 * rows.predicted }),
    // A small network gains nothing by a second thread.
    ...(usesDevice && { usesThreads: true as const }),
    like: [`head ${name}`],
  }
}

// What of an adaptation changes how long training takes.
function describeRobust(adapt: AdaptOptions): string {
  const { adversarial, target, groupDro } = adapt
  const parts = [
    adversarial > 0 && (target ? 'adversarial target' : 'adversarial'),
    groupDro > 0 && 'group-dro',
  ]
  return parts
    .filter(Boolean)
    .map((part) => ` ${part}`)
    .join('')
}

/** Of measuring the maps of centers: two passes over the embeddings, or products of matrices. */
export function alignCost(align: string, sets: readonly CostedSet[], dimensions: number): Cost {
  const items = sets.reduce((sum, { count }) => sum + count, 0)
  return { class: joinClass('align', align), size: dimensions, items }
}

/** Of measuring how an aligned cell depends on the share of tumour: so many seeds of a head on rows drawn from `sets`. */
export function sharesCost(
  align: string,
  head: string,
  sets: readonly CostedSet[],
  { seeds, dimensions }: { readonly seeds: number; readonly dimensions: number },
): Cost {
  const items = seeds * sets.reduce((sum, { count }) => sum + count, 0)
  return { class: joinClass('shares', align, head), size: dimensions, items }
}

/** Of evaluating so many rows. */
export function evaluationCost(rows: number): Cost {
  return { class: 'evaluation', size: 1, items: rows }
}

/** Of measuring a stain's effect on sets whose centers are known. */
export function effectCost(stain: StainEntry, sets: readonly CostedSet[]): Cost {
  return {
    class: joinClass('effect', describeUse(stain)),
    size: pixelsOf(sets[0]),
    items: sets.reduce((sum, set) => sum + countSampled(set).centers, 0),
    like: [`effect ${stain.name}`],
  }
}

// Rows that `measureSignature` samples of a center.
const perCenter = 200

/** Of measuring a signature; items are pairs of sampled rows, of which each is compared with each. */
export function signatureCost(sets: readonly CostedSet[], dimensions: number): Cost {
  const counts = sets.flatMap(({ centers }) => (centers ? [...countEach(centers)] : []))
  const sampled = [...new Set(counts.map(([center]) => center))].reduce((sum, name) => {
    const own = counts.filter(([center]) => center === name).reduce((all, [, count]) => all + count, 0)
    return sum + Math.min(perCenter, own)
  }, 0)
  return { class: 'signature', size: dimensions, items: sampled ** 2 }
}

interface TrainingOptions {
  readonly weights: unknown
  readonly distill: number | null
  readonly side: number | null
  readonly epochs: number
  readonly decay: number
  readonly images: number | null
  readonly limit: number | null
  readonly sources: readonly string[]
}

// They decide how many pictures are shown, or nothing; some are in the class by another name.
const trainingOptions = [
  'weights',
  'distill',
  'side',
  'epochs',
  'decay',
  'images',
  'limit',
  'sources',
  'previews',
]

// Pictures that a training shows: with `cyclegan` each source has an epoch of its own, as long as the larger domain.
function countShown({ name, options, reference }: StainEntry, splits: OpenSplits): number {
  const { epochs, decay, images, limit, sources } = options as unknown as TrainingOptions
  const limited = (count: number) => Math.min(count, limit ?? count)
  const domains = [...new Set(sources)].flatMap((split) => {
    const centers = splits[split as 'train']?.set.centers
    return centers ? [...countEach(centers)] : []
  })
  const target = reference === 'published' ? undefined : reference.center
  const sizes = domains.filter(([center]) => center !== target).map(([, count]) => limited(count))
  const largest = Math.max(1, ...domains.map(([, count]) => limited(count)))
  const shown =
    name === 'cyclegan'
      ? Math.max(1, sizes.length) * (images ?? largest)
      : (images ??
        Math.max(
          largest,
          sizes.reduce((sum, size) => sum + size, 0),
        ))
  return (epochs + decay) * shown
}

const counted = new WeakMap<readonly string[], ReadonlyMap<string, number>>()

// How often each name is there; a study asks this of the same columns many times.
function countEach(names: readonly string[]): ReadonlyMap<string, number> {
  const known = counted.get(names)
  if (known) return known
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  counted.set(names, counts)
  return counts
}

// Patches that stand for the groups of a set; slides of two centers with one name count as one.
function countSampled({ centers, slides }: CostedSet): { readonly centers: number; readonly slides: number } {
  const count = (names: readonly string[] | null) =>
    names ? [...countEach(names).values()].reduce((sum, each) => sum + Math.min(patchesPerGroup, each), 0) : 0
  return { centers: count(centers), slides: count(slides) }
}

function describeStain(stain: StainEntry, leftOut: readonly string[] = []): string {
  const { defaults } = methodOf(stain)
  const fallback = stain.fallback === 'none' ? ' alone' : ''
  return `${stain.name}${describeOptions(stain.options, defaults as PlainOptions, leftOut)}${fallback}`
}

// As it is applied: how a network was trained no longer matters.
function describeUse(stain: StainEntry): string {
  const isTrained = methodOf(stain).train !== undefined
  const matters = ['generator', 'input', 'mode', 'inference', 'guard', 'distill', 'tile', 'target']
  return describeStain(
    stain,
    isTrained ? Object.keys(stain.options).filter((key) => !matters.includes(key)) : [],
  )
}

function describeViews({ stain, flips, rotation }: AugmentEntry): string {
  const options = describeOptions(stain.options, augmentationDefaults[stain.name] as PlainOptions, [])
  return ['views', `${stain.name}${options}`, flips ? 'flips' : '', rotation > 0 ? 'turns' : '']
    .filter(Boolean)
    .join(' ')
}

// Those that are not the method's defaults: ` epochs=2 hidden=[8]`.
function describeOptions(options: PlainOptions, defaults: PlainOptions, leftOut: readonly string[]): string {
  const told = Object.keys(options)
    .filter((key) => !leftOut.includes(key) && JSON.stringify(options[key]) !== JSON.stringify(defaults[key]))
    .sort()
    .map((key) => ` ${key}=${JSON.stringify(options[key])}`)
    .join('')
  return told.length > longest ? ` ${hashBytes(told).slice(0, 16)}` : told
}

// Of options in words; above it their hash stands for them.
const longest = 120

const joinClass = (kind: string, ...parts: readonly string[]) =>
  `${kind} ${parts.filter(Boolean).join(' | ')}`
