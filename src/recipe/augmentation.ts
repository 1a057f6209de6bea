// The recipe's axis `augment`: what training patches are shown as beside themselves. Colour (`stain`) and
// geometry (`flips`, `rotation`) are separate options, since either may help without the other.

import { z } from 'zod'
import { pickNamed, RecipeError } from '../base/index.ts'
import { augmentationDefaults, augmentationRules } from '../stain/index.ts'
import { completeOptions, type PlainOptions } from './options.ts'

/** One entry of the axis: a training patch becomes `views` patches, the first of them as it is. */
export interface AugmentEntry {
  readonly label: string
  /** The stain augmentation and its options; `none` leaves colours alone. */
  readonly stain: { readonly name: keyof typeof augmentationDefaults; readonly options: PlainOptions }
  readonly flips: boolean
  /** Degrees to either side, 0 to 180. */
  readonly rotation: number
  readonly views: number
}

/** An entry as it is written: a stain augmentation's name, or options. */
export const augmentSchema = z.union([
  z.string(),
  z.strictObject({
    label: z.string().optional(),
    stain: z.union([z.string(), z.looseObject({ method: z.string() })]).default('none'),
    flips: z.boolean().default(false),
    rotation: z.number().min(0).max(180).default(0),
    views: z.int().min(1).max(1000).default(4),
  }),
])
type RawAugment = z.infer<typeof augmentSchema>

/** Completes an entry; `none` is the patch as it is. Throws RecipeError where several views would be the same. */
export function readAugmentEntry(where: string, raw: RawAugment): AugmentEntry {
  const given = typeof raw === 'string' ? augmentSchema.parse({ stain: raw }) : raw
  const { label, stain, flips, rotation, views } = given as Exclude<RawAugment, string>
  const { method, ...options } = typeof stain === 'string' ? { method: stain } : stain
  const defaults = pickNamed(`${where} stain`, augmentationDefaults, method)
  const rules = augmentationRules[method as keyof typeof augmentationRules]
  const parts = [method !== 'none' && method, flips && 'flips', rotation > 0 && 'rotation'].filter(Boolean)
  if (parts.length === 0 && views > 1 && raw !== 'none') {
    const hint = 'give stain, flips or rotation, or set views: 1'
    throw new RecipeError({ where, got: `${views} views that are all the same`, hint })
  }
  return {
    label: label ?? (parts.join('-') || 'none'),
    stain: {
      name: method as AugmentEntry['stain']['name'],
      options: completeOptions<object>(`${where} ${method}`, { defaults, rules }, options) as PlainOptions,
    },
    flips,
    rotation,
    views: parts.length === 0 ? 1 : views,
  }
}
