// A recipe: the YAML file that says what a study runs. Parsed and completed here, trusted everywhere else.

import { basename, dirname, join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { type DataError, normaliseName, pickNamed, RecipeError } from '../base/index.ts'
import { type HeadMethod, headMethods, headPresets } from '../classify/index.ts'
import { type ExtractorMethod, extractors } from '../embed/index.ts'
import { readTextFile } from '../formats/index.ts'
import { readers } from '../patches/index.ts'
import { qualityDefaults, qualityRules } from '../quality/index.ts'
import { type StainFit, type StainMethod, stainMethods } from '../stain/index.ts'
import { type AugmentEntry, augmentSchema, readAugmentEntry } from './augmentation.ts'
import { completeMethod, completeOptions, type PlainOptions } from './options.ts'
import { rejectUnpaired } from './pairing.ts'
import { explainIssue, readYaml } from './recipeErrors.ts'
import { checkRunName } from './runName.ts'
import { checkTransductive } from './transductive.ts'

const name = z.union([z.string(), z.number()]).transform(String)
// A center as readers name it: 2.0 and '02' are center 2.
const centerName = z
  .union([z.string(), z.number()])
  .refine(
    (word) => normaliseName(word) !== null && !(Number(word) % 1),
    'the name of a center, or a whole number',
  )
  .transform((word) => normaliseName(word)!)

const splitSchema = z.strictObject({
  path: z.string(),
  format: z.string().optional(),
  /** Which part of a format that holds several: WILDS, PatchCamelyon, Kaggle HCD. */
  part: z.string().optional(),
  /** What a CSV calls its columns, by what they are. */
  columns: z.record(z.string(), z.string()).optional(),
  /** What the folders around pictures are, outermost first. */
  folders: z.string().optional(),
  /** More words for labels. */
  labelNames: z.record(z.string(), z.union([z.literal(0), z.literal(1)])).optional(),
  /** Keep these centers only. */
  centers: z.array(centerName).min(1).optional(),
  /** The center of every patch, where the file does not say. */
  center: centerName.optional(),
  /** A seeded sample of at most so many patches. */
  limit: z.int().positive().optional(),
  origin: z.enum(['real', 'semi-synthetic', 'synthetic']).optional(),
})

const referenceSchema = z.union([
  z.literal('published'),
  z.strictObject({
    /** `test` only where the recipe says `transductive: true`. */
    split: z.enum(['train', 'val', 'test']).default('train'),
    center: centerName.optional(),
    /** These patches. */
    ids: z.array(name).min(1).optional(),
    /** A seeded sample of so many patches (64), where ids are not given. */
    count: z.int().positive().optional(),
  }),
])

const qualityChoices = { defaults: qualityDefaults, rules: qualityRules }

/** Patches of a reference where the recipe does not say how many; a method that is trained takes all. */
const usualReference = 64

/** Whose fit a patch with too little tissue takes: its slide's (its center's where that has none), its center's, nobody's. */
const fallbacks = ['slide', 'center', 'none'] as const

const axis = <Shape extends z.ZodType>(entry: Shape) => z.array(z.union([z.string(), entry])).min(1)

const recipeSchema = z.strictObject({
  name: z.string(),
  seed: z.int().nonnegative().default(0),
  seeds: z.int().positive().max(100).default(3),
  data: z.strictObject({ train: splitSchema, val: splitSchema, test: splitSchema.optional() }),
  /** Allows stains that are fitted on unlabelled patches of the test split. */
  transductive: z.boolean().default(false),
  quality: z.union([z.literal('none'), z.record(z.string(), z.unknown())]).default({}),
  stain: axis(
    z.looseObject({
      method: z.string(),
      label: z.string().optional(),
      preset: z.string().optional(),
      reference: referenceSchema.optional(),
      fallback: z.enum(fallbacks).optional(),
    }),
  ),
  augment: z.array(augmentSchema).min(1).default(['none']),
  embed: axis(z.looseObject({ extractor: z.string(), label: z.string().optional() })),
  classify: axis(
    z.looseObject({ head: z.string(), label: z.string().optional(), preset: z.string().optional() }),
  ),
  evaluate: z
    .strictObject({
      threshold: z.number().gt(0).lt(1).default(0.5),
    })
    .prefault({}),
})

export type SplitRecipe = z.infer<typeof splitSchema>
export type ReferenceRecipe = z.infer<typeof referenceSchema>

/** One entry of an axis: a name from the room's table, its options complete, and the label that tables show. */
export interface AxisEntry {
  readonly label: string
  readonly name: string
  readonly options: PlainOptions
}
export interface StainEntry extends AxisEntry {
  readonly reference: ReferenceRecipe
  readonly fallback: (typeof fallbacks)[number]
}

/** A recipe with every default filled in; paths are absolute. */
export interface Recipe {
  readonly name: string
  readonly seed: number
  readonly seeds: readonly number[]
  readonly data: { readonly train: SplitRecipe; readonly val: SplitRecipe; readonly test?: SplitRecipe }
  /** Whether stains may be fitted on unlabelled patches of the test split. */
  readonly transductive: boolean
  /** null: no filter. */
  readonly quality: typeof qualityDefaults | null
  readonly stain: readonly StainEntry[]
  /** What training patches are shown as; val and test patches are never augmented. */
  readonly augment: readonly AugmentEntry[]
  readonly embed: readonly AxisEntry[]
  readonly classify: readonly AxisEntry[]
  readonly evaluate: { readonly threshold: number }
  /** The recipe as it was written, for the run folder. */
  readonly text: string
}

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
    quality: raw.quality === 'none' ? null : completeOptions(`${where} quality`, qualityChoices, raw.quality),
    stain: raw.stain.map((entry) => readStainEntry(`${where} stain`, entry, folder)),
    augment: raw.augment.map((entry) => readAugmentEntry(`${where} augment`, entry)),
    embed: raw.embed.map((entry) => readEmbedEntry(`${where} embed`, entry, folder)),
    classify: raw.classify.map((entry) => readClassifyEntry(`${where} classify`, entry, folder)),
    evaluate: raw.evaluate,
    text,
  }
  for (const stage of ['stain', 'augment', 'embed', 'classify'] as const)
    rejectUnfitLabels(`${where} ${stage}`, recipe[stage])
  rejectUnpaired(where, recipe)
  checkTransductive(where, recipe.stain, { allowed: recipe.transductive, hasTest: 'test' in recipe.data })
  return recipe
}

/** A recipe as YAML with every default spelled out: a recipe again, which reads back as the same. */
export function printRecipe({ text: _, ...recipe }: Recipe): string {
  const { seeds, quality, stain, augment, embed, classify } = recipe
  const written = {
    ...recipe,
    seeds: seeds.length,
    quality: quality ?? 'none',
    stain: stain.map(({ name, options, ...rest }) => ({ method: name, ...rest, ...options })),
    augment: augment.map((entry) => ({
      ...entry,
      stain: { method: entry.stain.name, ...entry.stain.options },
    })),
    embed: embed.map(({ name, options, label }) => ({ extractor: name, label, ...options })),
    classify: classify.map(({ name, options, label }) => ({ head: name, label, ...options })),
  }
  return stringify(written, { aliasDuplicateObjects: false })
}

/** The splits of a finished run, from the recipe in its folder; paths are absolute. */
export async function readRunData(runFolder: string): Promise<Recipe['data']> {
  const path = join(runFolder, 'recipe.yaml')
  const { data } = readYaml(await readRecipeText(path), path)
  return data as Recipe['data']
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
    options: resolveWeights(options, folder),
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
  const [kind, ...rest] = extractor.split(':')
  const argument = rest.join(':')
  const method: ExtractorMethod<object> = pickNamed(where, extractors, kind)
  const options = completeOptions<object>(
    `${where} ${kind}`,
    { ...method, beside: ['label'] },
    given,
  ) as PlainOptions
  return {
    label: label ?? (argument ? basename(argument).replace(/\.onnx$/, '') : kind),
    name: argument ? `${kind}:${resolve(folder, argument)}` : kind,
    options: resolveWeights(options, folder),
  }
}

// A checkpoint's path, or each of several, is meant from the recipe's folder.
function resolveWeights(options: PlainOptions, folder: string): PlainOptions {
  const { weights } = options
  if (typeof weights === 'string') return { ...options, weights: resolve(folder, weights) }
  if (typeof weights !== 'object' || weights === null) return options
  const paths = Object.entries(weights).map(([name, path]) => [name, resolve(folder, `${path}`)])
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
    options: resolveWeights(completeMethod(`${where} ${head}`, known, preset, given), folder),
  }
}

function resolveSplits(where: string, data: Recipe['data'], folder: string): Recipe['data'] {
  const resolved = (split: SplitRecipe, key: string): SplitRecipe => {
    if (split.format !== undefined) pickNamed(`${where} data.${key}.format`, readers, split.format)
    return { ...split, path: resolve(folder, split.path) }
  }
  const { train, val, test } = data
  return {
    train: resolved(train, 'train'),
    val: resolved(val, 'val'),
    ...(test && { test: resolved(test, 'test') }),
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
