// A recipe: the YAML file that says what a study runs. Parsed and completed here, trusted everywhere else.

import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { stringify } from 'yaml'
import { type DataError, pickNamed, RecipeError } from '../base/index.ts'
import { type HeadMethod, headMethods, headPresets } from '../classify/index.ts'
import { type ExtractorMethod, extractors, viewDefaults } from '../embed/index.ts'
import { readTextFile } from '../files/index.ts'
import { readers } from '../patches/index.ts'
import { qualityDefaults, qualityRules } from '../quality/index.ts'
import { type StainFit, type StainMethod, stainMethods } from '../stain/index.ts'
import { randomWeights, splitModelName } from '../weights/index.ts'
import { readAdaptEntry } from './adaptEntry.ts'
import { readAugmentEntry } from './augmentation.ts'
import { completeMethod, completeOptions, type PlainOptions } from './options.ts'
import { rejectUnpaired } from './pairing.ts'
import { explainIssue, readYaml } from './recipeErrors.ts'
import {
  type AxisEntry,
  type Recipe,
  type ReferenceRecipe,
  recipeSchema,
  type SplitRecipe,
  type StainEntry,
} from './recipeSchema.ts'
import { checkRunName } from './runName.ts'
import { checkTransductive } from './transductive.ts'

const qualityChoices = { defaults: qualityDefaults, rules: qualityRules }

/** Patches of a reference where the recipe does not say how many; a method that is trained takes all. */
const usualReference = 64

/** What the command line may override. */
export interface RecipeOverrides {
  readonly seed?: number
  readonly seeds?: number
  readonly name?: string
}

/** Reads and completes a recipe file. Throws RecipeError or UnknownNameError naming the key at fault. */
export async function readRecipe(path: string, overrides: RecipeOverrides = {}): Promise<Recipe> {
  return parseRecipe(await readRecipeText(path), {
    where: basename(path),
    folder: dirname(resolve(path)),
    overrides,
  })
}

async function readRecipeText(path: string): Promise<string> {
  return readTextFile(path).catch((cause: DataError) => {
    throw new RecipeError({ hint: 'give the path of a recipe (.yaml)', ...cause.parts }, cause)
  })
}

/** Parses recipe text; relative paths in it are taken from `folder`. */
export function parseRecipe(
  text: string,
  { where, folder, overrides = {} }: { where: string; folder: string; overrides?: RecipeOverrides },
): Recipe {
  const written = { ...readYaml(text, where), ...definedOnly(overrides) }
  const parsed = recipeSchema.safeParse(written)
  if (!parsed.success) throw explainIssue(where, recipeSchema, written, parsed.error.issues[0])
  const { seed, seeds, ...raw } = parsed.data
  checkRunName(where, raw.name)
  const recipe = {
    name: raw.name,
    seed,
    seeds: Array.from({ length: seeds }, (_, i) => seed + i),
    data: resolveSplits(where, raw.data, folder),
    transductive: raw.transductive,
    protocol: raw.protocol,
    select: raw.select,
    refit: raw.refit,
    keepStained: raw.keepStained,
    quality: raw.quality === 'none' ? null : completeOptions(`${where} quality`, qualityChoices, raw.quality),
    stain: raw.stain.map((entry) => readStainEntry(`${where} stain`, entry, folder)),
    augment: raw.augment.map((entry) => readAugmentEntry(`${where} augment`, entry)),
    adapt: raw.adapt.map((entry) => readAdaptEntry(`${where} adapt`, entry)),
    embed: raw.embed.map((entry) => readEmbedEntry(`${where} embed`, entry, folder)),
    classify: raw.classify.map((entry) => readClassifyEntry(`${where} classify`, entry, folder)),
    ensembles: raw.ensembles,
    evaluate: raw.evaluate,
    text,
  }
  for (const stage of ['stain', 'augment', 'adapt', 'embed', 'classify'] as const)
    rejectUnfitLabels(`${where} ${stage}`, recipe[stage])
  rejectUnfitLabels(`${where} ensembles`, recipe.ensembles)
  rejectUnpaired(where, recipe)
  checkTransductive(where, recipe, { allowed: recipe.transductive, hasTest: 'test' in recipe.data })
  return recipe
}

/**
 * A recipe as YAML with every default spelled out, for a file in `folder`: a recipe again, which reads back as the same from
 * there. Its paths are relative to `folder`, with forward slashes.
 */
export function printRecipe({ text: _, ...recipe }: Recipe, folder: string): string {
  const { seeds, data, quality, stain, augment, adapt, embed, classify } = recipe
  const place = (path: string) => relative(folder, path).replaceAll(sep, '/') || '.'
  const written = {
    ...recipe,
    seeds: seeds.length,
    data: mapSplits(data, ({ path, ...split }) => ({ path: place(path), ...split })),
    quality: quality ?? 'none',
    stain: stain.map(({ name, options, ...rest }) => ({
      method: name,
      ...rest,
      ...mapWeights(options, place),
    })),
    augment: augment.map((entry) => ({
      ...entry,
      stain: { method: entry.stain.name, ...entry.stain.options },
    })),
    adapt: adapt.map(({ name, options, label }) => ({ method: name, label, ...options })),
    embed: embed.map(({ name, options, label }) => ({
      extractor: mapModelPath(name, place),
      label,
      ...mapWeights(options, place),
    })),
    classify: classify.map(({ name, options, label }) => ({
      head: name,
      label,
      ...mapWeights(options, place),
    })),
  }
  return stringify(written, { aliasDuplicateObjects: false })
}

/** The splits of a finished run, from the recipe in its folder; paths are absolute. */
export async function readRunData(runFolder: string): Promise<Recipe['data']> {
  const path = join(runFolder, 'recipe.yaml')
  const { data } = readYaml(await readRecipeText(path), path)
  return mapSplits(data as Recipe['data'], (split) => ({ ...split, path: resolve(runFolder, split.path) }))
}

type RawStain =
  | string
  | (Partial<StainEntry> & { method: string; preset?: string; [option: string]: unknown })
function readStainEntry(where: string, raw: RawStain, folder: string): StainEntry {
  const entry = typeof raw === 'string' ? { method: raw } : raw
  const { method, label, preset, reference, fallback = 'slide', ...given } = entry
  const known = pickNamed(where, stainMethods, method) as unknown as StainMethod<object, StainFit>
  const options = completeMethod(`${where} ${method}`, { ...known, beside: stainKeys }, preset, given)
  return {
    label: label ?? (preset ? `${method}-${preset}` : method),
    name: method,
    options: mapWeights(options, (path) => resolve(folder, path)),
    reference: completeReference(reference ?? known.references?.[preset ?? ''], known.train !== undefined),
    fallback,
  }
}

// What a stain entry has beside the options of its method.
const stainKeys = ['label', 'preset', 'reference', 'fallback']

// A method that is trained takes all patches of its target.
function completeReference(
  reference: ReferenceRecipe = { split: 'train' },
  isTrained: boolean,
): ReferenceRecipe {
  return reference === 'published' || isTrained ? reference : { count: usualReference, ...reference }
}

type RawEmbed = string | { extractor: string; label?: string; [option: string]: unknown }
function readEmbedEntry(where: string, raw: RawEmbed, folder: string): AxisEntry {
  const { extractor, label, ...given } = typeof raw === 'string' ? { extractor: raw } : raw
  const { family: kind, path: argument } = splitModelName(extractor)
  const method: ExtractorMethod<object> = pickNamed(where, extractors, kind)
  const options = completeOptions<object>(
    `${where} ${kind}`,
    { ...method, beside: ['label'] },
    given,
  ) as PlainOptions
  const usual = argument ? basename(argument).replace(/\.onnx$/, '') : kind
  return {
    label: label ?? (options.views === viewDefaults.views ? usual : `${usual}-views`),
    name: mapModelPath(extractor, (path) => resolve(folder, path)),
    options: mapWeights(options, (path) => resolve(folder, path)),
  }
}

type MapPath = (path: string) => string

// The path in the name of an extractor such as `onnx:model.onnx`.
function mapModelPath(name: string, change: MapPath): string {
  const { family, path } = splitModelName(name)
  return path ? `${family}:${change(path)}` : family
}

// A checkpoint's path, or each of several; the word `random` is none.
function mapWeights(options: PlainOptions, change: MapPath): PlainOptions {
  const { weights } = options
  if (weights === randomWeights) return options
  if (typeof weights === 'string') return { ...options, weights: change(weights) }
  if (typeof weights !== 'object' || weights === null) return options
  const paths = Object.entries(weights).map(([name, path]) => [name, change(`${path}`)])
  return { ...options, weights: Object.fromEntries(paths) }
}

type RawClassify = string | { head: string; label?: string; preset?: string; [option: string]: unknown }
function readClassifyEntry(where: string, raw: RawClassify, folder: string): AxisEntry {
  const { head, label, preset, ...given } = typeof raw === 'string' ? { head: raw } : raw
  const method = pickNamed(where, headMethods, head) as HeadMethod<object>
  const presets = headPresets[head as keyof typeof headPresets]
  const known = { ...method, presets, beside: ['label', 'preset'] }
  return {
    label: label ?? (preset ? `${head}-${preset}` : head),
    name: head,
    options: mapWeights(completeMethod(`${where} ${head}`, known, preset, given), (path) =>
      resolve(folder, path),
    ),
  }
}

function resolveSplits(where: string, data: Recipe['data'], folder: string): Recipe['data'] {
  return mapSplits(data, (split, key) => {
    if (split.format !== undefined) pickNamed(`${where} data.${key}.format`, readers, split.format)
    return { ...split, path: resolve(folder, split.path) }
  })
}

function mapSplits(
  { train, val, test }: Recipe['data'],
  change: (split: SplitRecipe, key: keyof Recipe['data']) => SplitRecipe,
): Recipe['data'] {
  return {
    train: change(train, 'train'),
    val: change(val, 'val'),
    ...(test && { test: change(test, 'test') }),
  }
}

function rejectUnfitLabels(where: string, entries: readonly { readonly label: string }[]): void {
  const labels = entries.map((entry) => entry.label)
  const odd = labels.find((label) => label.trim() === '' || label.includes('/'))
  if (odd !== undefined) {
    // Cells are named by their labels with slashes between them.
    throw new RecipeError({ where, expected: 'labels that are not empty and hold no slash', got: `'${odd}'` })
  }
  const repeated = labels.find((label, i) => labels.indexOf(label) !== i)
  if (repeated !== undefined) {
    throw new RecipeError({ where, got: `'${repeated}' twice`, hint: 'give each entry a label of its own' })
  }
}

function definedOnly(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
