// The room of stains as the checks of fixtures import it, without the methods that need Node.

import { classicalMethods } from '../../../src/stain/browser.ts'

export * from '../../../src/stain/browser.ts'
export const stainMethods = classicalMethods
