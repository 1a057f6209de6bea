// Has an extractor seen the hospitals of a study? Its pre-training sets beside the sets that the splits are of. What is not known
// is never taken for clean.

import { centersOf, hospitalsOf, listSources } from './datasets.ts'

/**
 * Whether what an extractor was trained on shares slides or hospitals with a study: it does; whose tissue one of both is of is
 * not known; no shared hospital is known; it was trained on nothing; the study's patches are of no hospital.
 */
export type ExposureStatus = 'yes' | 'not known' | 'none known' | 'untrained' | 'no hospitals'

/** What an extractor has seen of a study. Plain JSON. */
export interface Exposure {
  readonly status: ExposureStatus
  /** Pre-training sets that share something with a split. */
  readonly shared: readonly SharedTissue[]
  /** Pre-training sets of which it is not known; `?` for those that are not stated. */
  readonly unknown: readonly string[]
  /** Splits of which nobody says whose tissue they are of, where that matters. */
  readonly unnamed: readonly string[]
  /** What it was trained on. */
  readonly pretraining: readonly string[]
}

/** What a pre-training set shares with a split. */
export interface SharedTissue {
  readonly set: string
  readonly split: string
  /** The data set that the split is of. */
  readonly dataset: string
  /** The very slides, or other slides of the same hospitals. */
  readonly what: 'slides' | 'hospitals'
  readonly hospitals: readonly string[]
  /** Centers of the split that are these hospitals; null where the split names none. */
  readonly centers: readonly string[] | null
}

/** A split, as far as exposure goes. */
export interface StudyTissue {
  readonly split: string
  /** The data set that it is of; null where nobody says. */
  readonly dataset: string | null
  /** Whether its patches were drawn by a program. */
  readonly isSynthetic: boolean
  /** Its centers, each once; null where they are not known. */
  readonly centers: readonly string[] | null
}

/** What an extractor that was trained on these sets (none stated: empty; on nothing: null) has seen of a study. */
export function findExposure(
  pretraining: readonly string[] | null,
  splits: readonly StudyTissue[],
): Exposure {
  const tissue = splits.filter(({ isSynthetic }) => !isSynthetic)
  const none = { shared: [], unknown: [], unnamed: [], pretraining: pretraining ?? [] }
  if (pretraining === null) return { status: 'untrained', ...none }
  if (tissue.length === 0) return { status: 'no hospitals', ...none }
  const stained = pretraining.filter((set) => hospitalsOf(set)?.length !== 0)
  const shared = stained.flatMap((set) => tissue.flatMap((split) => shareTissue(set, split) ?? []))
  const unknown = pretraining.length === 0 ? ['?'] : stained.filter((set) => hospitalsOf(set) === null)
  const isUnnamed = ({ dataset, centers }: StudyTissue) => {
    if (dataset === null || hospitalsOf(dataset) === null) return true
    const numbered = centersOf(dataset)
    return numbered !== null && centers?.some((center) => !Object.hasOwn(numbered, center))
  }
  const unnamed = stained.length > 0 ? tissue.filter(isUnnamed).map(({ split }) => split) : []
  const isUnknown = unknown.length + unnamed.length > 0
  const status = shared.length > 0 ? 'yes' : isUnknown ? 'not known' : 'none known'
  return { status, shared, unknown, unnamed, pretraining }
}

// Undefined where nothing is shared, or known to be.
function shareTissue(set: string, { split, dataset, centers }: StudyTissue): SharedTissue | undefined {
  if (dataset === null) return undefined
  const hospitals = hospitalsOf(set)
  const sources = listSources(dataset)
  if (listSources(set).some((source) => sources.includes(source))) {
    return { set, split, dataset, what: 'slides', hospitals: hospitals ?? [], centers }
  }
  const own = hospitalsOf(dataset)?.filter((hospital) => hospitals?.includes(hospital)) ?? []
  if (own.length === 0) return undefined
  const numbered = centersOf(dataset)
  if (centers === null || numbered === null)
    return { set, split, dataset, what: 'hospitals', hospitals: own, centers: null }
  const seen = centers.filter((center) => own.includes(numbered[center]))
  if (seen.length === 0) return undefined
  const named = seen.map((center) => numbered[center])
  return { set, split, dataset, what: 'hospitals', hospitals: named, centers: seen }
}
