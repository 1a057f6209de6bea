// Grayscale on three channels, with ITU-R 601 luma in the 16-bit integers of Pillow's convert('L').

import { lumaOf } from '../base/index.ts'
import type { StainMethod } from './stainMethod.ts'
import { ok, transformPatches } from './verdicts.ts'

/** Replaces red, green and blue by their luma: colour differences between centers go, all else stays. */
export const grayscale: StainMethod<Record<string, never>, Record<string, never>> = {
  name: 'grayscale',
  version: 1,
  about: 'Luma on all three channels, bit for bit as Pillow computes it.',
  defaults: {},
  rules: {},
  needsReference: false,
  fit: async () => ({}),
  apply: (batch, _fit, _options, { out: room } = {}) =>
    transformPatches(
      batch,
      (data, out) => {
        for (let at = 0; at < data.length; at += 3) {
          const luma = lumaOf(data[at], data[at + 1], data[at + 2])
          out[at] = luma
          out[at + 1] = luma
          out[at + 2] = luma
        }
        return ok
      },
      room,
    ),
}
