// What a run rests on: the versions that made it and where its patches came from.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { compareText } from '../base/index.ts'
import { type ModelProvenance, viewDefaults } from '../embed/index.ts'
import { readRuntimeVersion } from '../engine/index.ts'
import { countUniform } from '../guards/index.ts'
import { countLeftOut, leastReal, type OpenedPatchSet } from '../patches/index.ts'
import type { Recipe } from '../recipe/index.ts'
import { listTransductive } from '../recipe/index.ts'
import type { Manifest, Overlap, Split, SplitProvenance } from '../runs/index.ts'
import type { FilteredSplit } from './steps/filter.ts'

/** The manifest of a run; the same inputs give the same bytes. */
export async function describeRun(
  recipe: Recipe,
  filtered: Readonly<Partial<Record<Split, FilteredSplit>>>,
  extractors: Readonly<Record<string, { readonly provenance: ModelProvenance | null }>>,
  overlaps: readonly Overlap[],
): Promise<Manifest> {
  const splits: Partial<Record<Split, SplitProvenance>> = {}
  for (const split of Object.values(filtered)) splits[split.split] = describeSplit(split)
  const transductive = listTransductive(recipe)
  const views = recipe.embed
    .filter(({ options }) => options.views !== viewDefaults.views)
    .map(({ label, options }) => [label, options.views as number])
  return {
    name: recipe.name,
    seed: recipe.seed,
    seeds: recipe.seeds,
    versions: readVersions(),
    splits,
    ...(overlaps.length > 0 && { overlaps }),
    extractors: Object.fromEntries(
      Object.entries(extractors).map(([label, { provenance }]) => [label, provenance]),
    ),
    ...(views.length > 0 && { views: Object.fromEntries(views) }),
    origin: leastReal(Object.values(splits).map(({ origin }) => origin)),
    ...(transductive.length > 0 && { transductive }),
  }
}

/** Versions of Eosin, Node and the libraries that decide numbers. */
export function readVersions(): Record<string, string> {
  const require = createRequire(import.meta.url)
  const versionOf = (path: string) => (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
  return {
    eosin: versionOf(require.resolve('../../package.json')),
    node: process.versions.node,
    'onnxruntime-node': readRuntimeVersion(),
    platform: `${process.platform} ${process.arch}`,
  }
}

function describeSplit({ set, looks, rows, rejections, key }: FilteredSplit): SplitProvenance {
  const rejectedByRule: Record<string, number> = {}
  for (const { rule } of rejections) rejectedByRule[rule] = (rejectedByRule[rule] ?? 0) + 1
  const byCenter: Record<string, { count: number; positives: number | null }> = {}
  for (let row = 0; row < set.count; row++) {
    const center = set.centers?.[row] ?? '?'
    byCenter[center] ??= { count: 0, positives: set.labels && 0 }
    byCenter[center].count++
    if (set.labels) byCenter[center].positives! += set.labels[row]
  }
  const { layout } = set as Partial<OpenedPatchSet>
  const leftOut = countLeftOut(set)
  const uniform = countUniform(looks)
  return {
    source: basename(set.source),
    format: set.format,
    ...(layout !== undefined && { layout }),
    ...(leftOut && { leftOut }),
    origin: set.origin,
    licence: set.licence,
    ...(set.dataset && { dataset: set.dataset }),
    fingerprint: key,
    height: set.height,
    width: set.width,
    count: set.count,
    kept: rows.length,
    ...(uniform > 0 && { uniform }),
    rejectedByRule,
    byCenter: Object.fromEntries(Object.entries(byCenter).sort(([a], [b]) => compareText(a, b))),
  }
}
