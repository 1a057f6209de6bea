// The networks that options describe.

import { patchGan, resnetGenerator, unetGenerator } from '../../models/index.ts'
import { scaleJitter } from '../../nn/index.ts'
import { type CycleGan, cycleGan, grayView, multistainJitter, plainView } from '../../train/index.ts'
import { colourMap } from './distill.ts'
import type { GanOptions } from './ganOptions.ts'

/** The four networks that options describe. */
export function buildGan(options: GanOptions): CycleGan {
  const { discriminator, gan, cycle, identity, input, mode, inference, jitter } = options
  const {
    generator: { form, width, blocks, downs },
    dropout,
  } = options
  return cycleGan({
    generator:
      form === 'unet' ? unetGenerator({ width, downs }) : resnetGenerator({ width, blocks, dropout }),
    discriminator: patchGan(discriminator),
    gan,
    cycleWeights: [cycle, cycle],
    identityWeight: identity,
    view:
      input === 'gray'
        ? grayView(mode, scaleJitter(multistainJitter, jitter), inference ?? undefined)
        : plainView,
  })
}

/** A colour map in the place of the generators. */
export function colourGan(width: number): CycleGan {
  return cycleGan({ generator: colourMap(width), discriminator: patchGan() })
}
