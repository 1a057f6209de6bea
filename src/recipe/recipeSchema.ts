// The form of a recipe: the schema of the file as it is written, and the types of the recipe as it is completed.

import { z } from 'zod'
import { normaliseName } from '../base/index.ts'
import { type SelectionMeasure, selectionMeasures } from '../evaluate/index.ts'
import type { qualityDefaults } from '../quality/index.ts'
import { type AdaptEntry, adaptSchema } from './adaptEntry.ts'
import { type AugmentEntry, augmentSchema } from './augmentation.ts'
import type { PlainOptions } from './options.ts'

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
  /** The published data set that the patches are of, where the file does not say. */
  dataset: z.string().min(1).optional(),
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

/** Whose fit a patch with too little tissue takes: its slide's (its center's where that has none), its center's, nobody's. */
const fallbacks = ['slide', 'center', 'none'] as const

const protocols = ['challenge', 'leave-one-center-out'] as const

const refits = ['none', 'train+val'] as const

const axis = <Shape extends z.ZodType>(entry: Shape) => z.array(z.union([z.string(), entry])).min(1)

/** The whole file, as it is written. */
export const recipeSchema = z.strictObject({
  name: z.string(),
  seed: z.int().nonnegative().default(0),
  seeds: z.int().positive().max(100).default(3),
  data: z.strictObject({ train: splitSchema, val: splitSchema, test: splitSchema.optional() }),
  /** Allows stains and adaptations that use unlabelled patches of the test split. */
  transductive: z.boolean().default(false),
  /** What cells are chosen by: val as it is given, or every labelled center held out in turn. */
  protocol: z.enum(protocols).default('challenge'),
  select: z
    .strictObject({
      by: z.enum(selectionMeasures).default('log-loss'),
      /** Of cells within one standard error of the best, the simplest; or the best. */
      rule: z.enum(['one-standard-error', 'best']).default('one-standard-error'),
    })
    .prefault({}),
  /** Keeps what learned and costly stains make of patches where several extractors or views need it. */
  keepStained: z.boolean().default(true),
  /** Trains the chosen cell once more on all labelled patches, for the test split. */
  refit: z.enum(refits).default('none'),
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
  adapt: z.array(adaptSchema).min(1).default(['none']),
  embed: axis(z.looseObject({ extractor: z.string(), label: z.string().optional() })),
  /** Cells whose mean probability is a cell of its own: names with * for any label. */
  ensembles: z.array(z.strictObject({ label: z.string(), cells: z.array(z.string()).min(1) })).default([]),
  classify: axis(
    z.looseObject({ head: z.string(), label: z.string().optional(), preset: z.string().optional() }),
  ),
  evaluate: z
    .strictObject({
      /** A number; the one that is best on held-out labelled patches; or that of a stated share of tumour in the target. */
      threshold: z
        .union([
          z.number().gt(0).lt(1),
          z.literal('held-out'),
          z.strictObject({ share: z.number().gt(0).lt(1) }),
        ])
        .default(0.5),
      /** Whether log odds are divided by a temperature that is fitted on held-out labelled patches. */
      temperature: z.enum(['none', 'held-out']).default('none'),
      /** So large a share of patches, those nearest to the threshold, is left to a person. */
      abstain: z.union([z.literal('none'), z.number().gt(0).lt(1)]).default('none'),
    })
    .prefault({}),
})

/** Where one split's patches are, and which of them. */
export type SplitRecipe = z.infer<typeof splitSchema>
/** What a stain method learns from. */
export type ReferenceRecipe = z.infer<typeof referenceSchema>

/** One entry of an axis: a name from the room's table, its options complete, and the label that tables show. */
export interface AxisEntry {
  readonly label: string
  readonly name: string
  readonly options: PlainOptions
}

/** An entry of the axis `stain`. */
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
  /** Whether stains may be fitted on, and adaptations use, unlabelled patches of the test split. */
  readonly transductive: boolean
  readonly protocol: (typeof protocols)[number]
  readonly select: {
    readonly by: SelectionMeasure
    readonly rule: 'one-standard-error' | 'best'
  }
  /** Whether the chosen cell is trained once more, on all labelled patches. */
  readonly refit: (typeof refits)[number]
  /** Whether what a costly stain makes of patches is kept for all who need it. */
  readonly keepStained: boolean
  /** null: no filter. */
  readonly quality: typeof qualityDefaults | null
  readonly stain: readonly StainEntry[]
  /** What training patches are shown as; val and test patches are never augmented. */
  readonly augment: readonly AugmentEntry[]
  /** What makes embeddings and heads hold on centers that training has not seen. */
  readonly adapt: readonly AdaptEntry[]
  readonly embed: readonly AxisEntry[]
  readonly classify: readonly AxisEntry[]
  readonly ensembles: readonly { readonly label: string; readonly cells: readonly string[] }[]
  /** How probabilities become predictions. */
  readonly evaluate: {
    readonly threshold: number | 'held-out' | { readonly share: number }
    readonly temperature: 'none' | 'held-out'
    readonly abstain: 'none' | number
  }
  /** The recipe as it was written, for the run folder. */
  readonly text: string
}
