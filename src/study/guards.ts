// What the guards find when a study begins: said before anything is computed, and kept with the run.

import { type Exposure, findExposure, findOrders, type StudyTissue } from '../guards/index.ts'
import type { Found } from '../runs/index.ts'
import type { Cache } from '../tasks/index.ts'
import type { OpenedExtractor, OpenStudy } from './openStudy.ts'
import { type CompareObserver, findOverlaps } from './overlap.ts'
import type { OpenSplit } from './splits.ts'

/**
 * Looks for all that would make the figures of a study too good. Labels of the test split are looked at for orders that tell
 * them, and for scoring, alone. Throws as `findOverlaps` does.
 */
export async function runGuards(
  { recipe, splits, extractors }: Pick<OpenStudy, 'recipe' | 'splits' | 'extractors'>,
  cache: Cache,
  observe?: CompareObserver,
): Promise<Found> {
  const sets = Object.values(splits).map(({ split, set }) => ({ name: split, set }))
  const tissue = Object.values(splits).map(describeTissue)
  return {
    ...(await findOverlaps(recipe, cache, splits, observe)),
    orders: findOrders(sets),
    exposures: Object.fromEntries(
      Object.entries(extractors).map(([label, extractor]) => [label, exposeExtractor(extractor, tissue)]),
    ),
  }
}

function describeTissue({ split, set }: OpenSplit): StudyTissue {
  const { dataset = null, origin, centers } = set
  return {
    split,
    dataset,
    isSynthetic: origin === 'synthetic',
    centers: centers && [...new Set(centers)].sort(),
  }
}

function exposeExtractor({ provenance }: OpenedExtractor, tissue: readonly StudyTissue[]): Exposure {
  const isTrained = provenance !== null && provenance.isTrained !== false
  return findExposure(isTrained ? provenance.pretraining.map(({ name }) => name) : null, tissue)
}
