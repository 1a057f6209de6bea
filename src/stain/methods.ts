// All stain methods by name: the command line's choices, the recipe's schema and the error for an unknown name.

import { cyclegan, multistain } from './ganMethods.ts'
import { grayscale } from './grayscale.ts'
import { luminosity } from './luminosity.ts'
import { macenko } from './macenko.ts'
import { none } from './none.ts'
import { reinhard } from './reinhard.ts'
import { ruifrok } from './ruifrok.ts'
import type { StainFit, StainMethod } from './stainMethod.ts'
import { vahadane } from './vahadane.ts'

// biome-ignore lint/suspicious/noExplicitAny: each method has options and a fit of its own
type AnyMethod = StainMethod<any, StainFit & any>

/** The methods, keyed by the names that recipes use. */
export const stainMethods = {
  none,
  grayscale,
  luminosity,
  reinhard,
  macenko,
  ruifrok,
  vahadane,
  cyclegan,
  multistain,
} satisfies Record<string, AnyMethod>

export type StainName = keyof typeof stainMethods
