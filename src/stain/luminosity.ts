// Luminosity standardisation as StainTools does it before stain separation: L is stretched so that a high
// percentile becomes white, colours stay.

import { real } from '../base/index.ts'
import { standardiseLightness8 } from './labBytes.ts'
import type { StainMethod } from './stainMethod.ts'
import { transformPatches } from './verdicts.ts'

/** Options of luminosity standardisation. */
export interface LuminosityOptions {
  /** The percentile of L that becomes white, 0 to 100. */
  readonly percentile: number
}

/** Makes the brightest pixels white. */
export const luminosity: StainMethod<LuminosityOptions, Record<string, never>> = {
  name: 'luminosity',
  version: 1,
  about: 'Stretches CIELAB L so that its 95th percentile is white (StainTools).',
  defaults: { percentile: 95 },
  rules: { percentile: real(0, 100) },
  needsReference: false,
  fit: async () => ({}),
  apply: (batch, _fit, options, { out: room } = {}) =>
    transformPatches(batch, (data, out) => standardiseLightness8(data, out, options.percentile ?? 95), room),
}
