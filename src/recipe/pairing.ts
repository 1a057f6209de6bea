// Which heads go with which extractors: tokens (the option `trunk`) to heads that take tokens, embeddings to the rest.

import { pickNamed, RecipeError } from '../base/index.ts'
import { type HeadMethod, headMethods, isRobust } from '../classify/index.ts'
import { checkViews, viewDefaults } from '../embed/index.ts'
import type { AdaptEntry } from './adaptEntry.ts'
import type { AugmentEntry } from './augmentation.ts'
import type { PlainOptions } from './options.ts'
import type { AxisEntry, Recipe } from './recipeSchema.ts'

/**
 * A head's entry as it is trained on an extractor's rows; null where the two do not go together: tokens (the option
 * `trunk`) are for heads that take tokens, embeddings for all others. Throws RecipeError where they contradict.
 */
export function pairHead(classify: AxisEntry, embed: AxisEntry): AxisEntry | null {
  const method = headMethodOf(classify)
  if (!method.complete) return hasTrunk(embed) ? null : classify
  const options = method.complete(classify.options, embed)
  return options === null ? null : { ...classify, options: options as PlainOptions }
}

/**
 * Whether an adaptation goes with a head on an extractor's rows: tokens are taken as they are, and only some heads can be
 * trained to hold on other centers.
 */
export function suitsAdaptation(adapt: AdaptEntry, classify: AxisEntry, embed: AxisEntry): boolean {
  const { align } = adapt.options
  if (hasTrunk(embed)) return align === 'none' && !isRobust(adapt.options)
  return !isRobust(adapt.options) || headMethodOf(classify).trainsRobustly === true
}

/**
 * Throws RecipeError naming an extractor or a head of the recipe that goes with no other entry, or options that contradict
 * each other.
 */
export function rejectUnpaired(
  where: string,
  { augment, adapt, embed, classify }: Pick<Recipe, 'augment' | 'adapt' | 'embed' | 'classify'>,
): void {
  for (const entry of embed) checkViews(`${where} embed ${entry.label}`, entry.options)
  rejectFlips(where, { augment, embed })
  const lonelyEmbed = embed.find((entry) => classify.every((head) => pairHead(head, entry) === null))
  if (lonelyEmbed) {
    const isTrunk = hasTrunk(lonelyEmbed)
    throw new RecipeError({
      where: `${where} embed ${lonelyEmbed.label}`,
      expected: isTrunk ? 'the head finetune, which takes its tokens' : 'a head that takes embeddings',
      got: classify.map(({ label }) => label).join(', '),
      hint: isTrunk
        ? 'add finetune to classify, or leave trunk out'
        : 'add mlp to classify, or give it the option trunk',
    })
  }
  const lonelyHead = classify.find((head) => embed.every((entry) => pairHead(head, entry) === null))
  if (!lonelyHead) {
    rejectUnsuited(where, { adapt, embed, classify })
    return
  }
  const takesTokens = headMethodOf(lonelyHead).complete !== undefined
  throw new RecipeError({
    where: `${where} classify ${lonelyHead.label}`,
    expected: takesTokens ? 'an extractor with the option trunk' : 'an extractor without trunk',
    got: embed.map(({ label }) => label).join(', '),
    hint: takesTokens ? 'e.g. { extractor: dinov2-small, trunk: 2 }' : 'add the extractor without trunk',
  })
}

// A flipped patch has the embedding of the patch, where that is a mean over all its flips.
function rejectFlips(where: string, { augment, embed }: Pick<Recipe, 'augment' | 'embed'>): void {
  const isFlipped = ({ flips, stain, rotation }: AugmentEntry) =>
    flips && stain.name === 'none' && rotation === 0
  const useless = augment.find(isFlipped)
  if (!useless || embed.some(({ options }) => options.views === viewDefaults.views)) return
  throw new RecipeError({
    where: `${where} augment ${useless.label}`,
    expected: 'more than flips, beside extractors with views: 8',
    got: `${useless.views} views of a patch, all with the same embedding`,
    hint: 'leave the entry out, or add rotation or a stain augmentation',
  })
}

function rejectUnsuited(
  where: string,
  { adapt, embed, classify }: Pick<Recipe, 'adapt' | 'embed' | 'classify'>,
): void {
  const pairs = embed.flatMap((entry) =>
    classify.flatMap((head) => (pairHead(head, entry) ? [{ head, entry }] : [])),
  )
  const lonely = adapt.find(
    (entry) => !pairs.some(({ head, entry: embed }) => suitsAdaptation(entry, head, embed)),
  )
  if (!lonely) return
  throw new RecipeError({
    where: `${where} adapt ${lonely.label}`,
    expected: isRobust(lonely.options) ? 'a head that can be trained so (mlp)' : 'an extractor without trunk',
    got: classify.map(({ label }) => label).join(', '),
    hint: 'add mlp to classify, on an extractor without trunk',
  })
}

function hasTrunk({ options }: AxisEntry): boolean {
  return options.trunk !== undefined && options.trunk !== null
}

/** The head method of a recipe's entry, by name. */
export function headMethodOf(entry: AxisEntry): HeadMethod<unknown> {
  return pickNamed('classify', headMethods, entry.name) as HeadMethod<unknown>
}
