// The stain methods that are computed and not learned: they need no network, and run in a browser.

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
export const classicalMethods = {
  none,
  grayscale,
  luminosity,
  reinhard,
  macenko,
  ruifrok,
  vahadane,
} satisfies Record<string, AnyMethod>
