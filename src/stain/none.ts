// No normalisation: the control of every comparison.

import type { StainMethod } from './stainMethod.ts'
import { keepPatches } from './verdicts.ts'

/** Leaves every patch as it is. */
export const none: StainMethod<Record<string, never>, Record<string, never>> = {
  name: 'none',
  version: 1,
  about: 'Leaves patches as they are.',
  defaults: {},
  rules: {},
  needsReference: false,
  fit: async () => ({}),
  apply: (batch, _fit, _options, { out } = {}) => keepPatches(batch, out),
}
