// The quality rules' options: plain data, every rule on its own switch, so that a recipe can name them.

import { group, type OptionRules, oneOf, orNull, real, whole } from '../base/index.ts'

/** Options of the quality filter; a rule that is `null` is off. */
export interface QualityOptions {
  /**
   * Black regions (scanner and stitching artefacts): rejected where the count is over `over`.
   * `channels` counts channel values equal to 0, as the code behind the published counts does;
   * `pixels` counts pixels whose three channels are 0, as its text says.
   */
  readonly black: { readonly count: 'channels' | 'pixels'; readonly over: number } | null
  /** One colour all over: rejected where every channel's largest minus smallest value is at most `range`. */
  readonly constant: { readonly range: number } | null
  /** Blank glass: rejected where the share of pixels with all channels >= `level` is at least `share`. */
  readonly white: { readonly level: number; readonly share: number } | null
  /** Patches with the same pixels and different labels: all of them are rejected, since none is known to be right. */
  readonly contradiction: Readonly<Record<string, never>> | null
  /** Patches with the same pixels: all but the first by center, slide, label and id are rejected. */
  readonly duplicate: Readonly<Record<string, never>> | null
}

/** What each rule's options may be. */
export const qualityRules: OptionRules<QualityOptions> = {
  black: orNull(group({ count: oneOf(['channels', 'pixels']), over: whole(0, 1e9) })),
  constant: orNull(group({ range: whole(0, 255) })),
  white: orNull(group({ level: whole(0, 255), share: real(0, 1) })),
  contradiction: orNull(group({})),
  duplicate: orNull(group({})),
}

/** What runs where nothing is said: 200 zeros over all channels, one colour, 98 % glass, contradicting labels, exact duplicates. */
export const qualityDefaults: QualityOptions = {
  black: { count: 'channels', over: 200 },
  constant: { range: 0 },
  white: { level: 235, share: 0.98 },
  contradiction: {},
  duplicate: {},
}
