// Every pair of the grid is embedded: each split under each stain method, training patches under each
// augmentation too. What two pairs share is made once.

import { describeAgreement, type Extractor, type ModelProvenance, openExtractor } from '../embed/index.ts'
import { nameEngines, type ProviderChoice } from '../engine/index.ts'
import type { EmbeddingAgreement, Split, VerdictCounts } from '../runs/index.ts'
import { type CacheEntry, keyOf } from '../tasks/index.ts'
import { type EmbeddingPair, type GridCell, layOutGrid, nameEmbeddings, viewsOf } from './grid.ts'
import type { OpenSplits } from './splits.ts'
import { readAgreement } from './steps/agreement.ts'
import { type Augmenter, oneView, openAugmenter } from './steps/augmentViews.ts'
import { embedSplit, readVerdicts } from './steps/embedSplit.ts'
import type { Filtered, FilteredSplit } from './steps/filter.ts'
import type { StudyStain } from './steps/prepareStain.ts'
import { noteCost, type Study } from './study.ts'

/** Embeddings of one pair, by split. */
export type PairEntries = Readonly<Partial<Record<Split, CacheEntry>>>

/** The grid with its embeddings, and what became of the patches under each stain method. */
export interface EmbeddedGrid {
  readonly cells: readonly GridCell[]
  readonly embedded: ReadonlyMap<EmbeddingPair, PairEntries>
  readonly verdicts: readonly VerdictCounts[]
  /** Of the pairs whose extractor rounds. */
  readonly agreements: readonly EmbeddingAgreement[]
  /** By label, whose model an extractor is. */
  readonly provenance: Readonly<Record<string, ModelProvenance | null>>
}

/** Embeds all that the recipe's grid needs. */
export async function embedGrid(
  study: Study,
  splits: OpenSplits,
  filtered: Filtered,
  stains: ReadonlyMap<string, StudyStain>,
): Promise<EmbeddedGrid> {
  const { recipe } = study
  const augmenters = await openAugmenters(study, filtered.train)
  const extractors = await openExtractors(study)
  const made = new Map<string, CacheEntry>()
  const embedded = new Map<EmbeddingPair, PairEntries>()
  try {
    const keys = Object.fromEntries(recipe.embed.map(({ label }) => [label, extractors.get(label)!.key]))
    const { pairs, cells } = layOutGrid(
      recipe,
      splits,
      keys,
      nameEngines(study.options.device as ProviderChoice),
    )
    for (const pair of pairs) {
      const entries: Partial<Record<Split, CacheEntry>> = {}
      for (const split of Object.values(filtered)) {
        const key = keyOf(pair.inputs[split.split]!)
        const parts = {
          stain: stains.get(pair.stain.label)!,
          augmenter: split.split === 'train' ? augmenters.get(pair.augment.label)! : oneView,
          extractor: extractors.get(pair.embed.label)!,
        }
        const entry = made.get(key) ?? (await embedPart(study, pair, split, parts))
        made.set(key, entry)
        entries[split.split] = entry
      }
      embedded.set(pair, entries)
    }
    const provenance = Object.fromEntries([...extractors].map(([label, open]) => [label, open.provenance]))
    return {
      cells,
      embedded,
      verdicts: await countVerdicts(embedded),
      agreements: await readAgreements(embedded),
      provenance,
    }
  } finally {
    for (const extractor of extractors.values()) await extractor.close()
  }
}

async function openAugmenters(study: Study, train: FilteredSplit): Promise<Map<string, Augmenter>> {
  const augmenters = new Map<string, Augmenter>()
  for (const entry of study.recipe.augment) {
    const { seed } = study.recipe
    augmenters.set(entry.label, await openAugmenter(study.cache, seed, train, entry))
  }
  return augmenters
}

async function openExtractors({ recipe, options }: Study): Promise<Map<string, Extractor>> {
  const extractors = new Map<string, Extractor>()
  for (const { label, name, options: given } of recipe.embed) {
    extractors.set(
      label,
      await openExtractor({ name, ...given }, { device: options.device, threads: options.threads }),
    )
  }
  return extractors
}

async function embedPart(
  study: Study,
  pair: EmbeddingPair,
  split: FilteredSplit,
  parts: { readonly stain: StudyStain; readonly augmenter: Augmenter; readonly extractor: Extractor },
): Promise<CacheEntry> {
  const what = `${nameEmbeddings(pair, split.split)} ${split.split}`
  const step = study.options.observer.step('embed', what)
  const groups = parts.stain.groups[split.split] ?? {}
  const inputs = pair.inputs[split.split]!
  const entry = await embedSplit(study.cache, inputs, split, { ...parts, groups }, step.progress)
  const agreement = await readAgreement(entry)
  step.end(entry.cached, agreement ? describeAgreement(agreement) : undefined)
  noteCost(study, 'embed', what, entry, split.rows.length * viewsOf(pair, split.split))
  return entry
}

async function readAgreements(embedded: EmbeddedGrid['embedded']): Promise<EmbeddingAgreement[]> {
  const agreements: EmbeddingAgreement[] = []
  for (const [pair, entries] of embedded) {
    for (const [split, entry] of Object.entries(entries)) {
      const agreement = await readAgreement(entry)
      const embeddings = nameEmbeddings(pair, split as Split)
      const isKnown = agreements.some((other) => other.embeddings === embeddings && other.split === split)
      if (agreement && !isKnown)
        agreements.push({ embeddings, embed: pair.embed.label, split: split as Split, ...agreement })
    }
  }
  return agreements
}

// One count a stain method and split: those of its first pair.
async function countVerdicts(embedded: EmbeddedGrid['embedded']): Promise<VerdictCounts[]> {
  const verdicts: VerdictCounts[] = []
  const seen = new Set<string>()
  for (const [{ stain }, entries] of embedded) {
    if (seen.has(stain.label)) continue
    seen.add(stain.label)
    for (const [split, entry] of Object.entries(entries)) {
      verdicts.push({ stain: stain.label, split: split as Split, byCenter: await readVerdicts(entry) })
    }
  }
  return verdicts
}
