// What extractors have seen of a study, in words: the command line, the report and the tables say the same.

import type { Exposure, SharedTissue } from '../guards/exposure.ts'
import type { Cell, Metrics } from './record.ts'

/** In a few words, for a table: `hospitals of test`, `not known`, `none known`, `nothing` (trained on nothing) or `no hospitals`. */
export function nameExposure({ status, shared }: Exposure): string {
  if (status === 'untrained') return 'nothing'
  if (status !== 'yes') return status
  const what = shared.some((tissue) => tissue.what === 'slides') ? 'slides' : 'hospitals'
  return `${what} of ${listWords([...new Set(shared.map(({ split }) => split))])}`
}

/** A sentence or two on one extractor; empty where it was trained on nothing or the patches are of no hospital. */
export function describeExposure(extractor: string, exposure: Exposure): string {
  const { status, shared, pretraining } = exposure
  if (status === 'untrained' || status === 'no hospitals') return ''
  if (status === 'none known') {
    return `${extractor}: none of the study's hospitals is known to be in its pre-training data (${pretraining.join(', ')}).`
  }
  const doubt = describeUnknown(exposure)
  if (status === 'not known') {
    return `${extractor}: whether its pre-training data hold patients of the study's hospitals is not known${doubt}.`
  }
  const sets = [...new Set(shared.map(({ set }) => set))].map((set) =>
    describeShared(shared.filter((tissue) => tissue.set === set)),
  )
  return `${extractor} was pre-trained on ${listWords(sets)}: metrics there are not those of a hospital it has never seen.${
    doubt && ` Of the rest it is not known${doubt}.`
  }`
}

/** Sentences on extractors that saw hospitals of a study, and on those of which it is not known. */
export function listSeen({ exposures = {} }: Pick<Metrics, 'exposures'>): string[] {
  return (['yes', 'not known'] as const).flatMap((status) =>
    Object.entries(exposures)
      .filter(([, exposure]) => exposure.status === status)
      .map(([label, exposure]) => describeExposure(label, exposure)),
  )
}

/** What the extractors of a cell have seen, the worst of them where it has several; null in runs of versions that did not look. */
export function exposureOf(cell: Cell, { cells, exposures }: Metrics): Exposure | null {
  if (!exposures) return null
  const labels = cell.members
    ? cell.members.map((id) => cells.find((other) => other.id === id)?.embed ?? '')
    : [cell.embed]
  const own = labels.flatMap((label) => exposures[label] ?? [])
  const order = ['yes', 'not known', 'none known', 'no hospitals', 'untrained'] as const
  return order.flatMap((status) => own.filter((exposure) => exposure.status === status))[0] ?? null
}

// One pre-training set: e.g. `PatchCamelyon, which holds patients of Radboud UMC (center 0 of train)`.
function describeShared(shared: readonly SharedTissue[]): string {
  const [{ set, what, dataset }] = shared
  if (what === 'slides') {
    const splits = listWords(shared.map(({ split }) => split))
    return set === dataset
      ? `${set}, of which ${splits} ${shared.length > 1 ? 'are' : 'is'}`
      : `${set}, which has slides of ${dataset} in common with ${splits}`
  }
  const places = shared.flatMap(({ split, hospitals, centers }) =>
    centers === null
      ? [`${listWords(hospitals)}, perhaps in ${split}, whose centers are not named`]
      : centers.map((center, i) => `${hospitals[i]} (center ${center} of ${split})`),
  )
  return `${set}, which holds patients of ${listWords(places)}`
}

// Whose tissue nobody names: of its pre-training sets, or of the study.
function describeUnknown({ unknown, unnamed }: Exposure): string {
  const named = unknown.filter((set) => set !== '?')
  const reasons = [
    ...(unknown.includes('?') ? ['what it was trained on is not stated'] : []),
    ...(named.length > 0
      ? [`the hospitals of ${listWords(named.map((set) => `'${set}'`))} are not named`]
      : []),
    ...(unnamed.length > 0
      ? [`the recipe names no data set for ${listWords(unnamed)} whose hospitals are known`]
      : []),
  ]
  return reasons.length > 0 ? ` (${reasons.join('; ')})` : ''
}

function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
