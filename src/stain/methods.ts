// All stain methods by name: the command line's choices, the recipe's schema and the error for an unknown name.

import { classicalMethods } from './classicalMethods.ts'
import { cyclegan, multistain } from './ganMethods.ts'

/** The methods, keyed by the names that recipes use. */
export const stainMethods = { ...classicalMethods, cyclegan, multistain }

export type StainName = keyof typeof stainMethods
