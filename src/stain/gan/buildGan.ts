// The networks that options describe.

import { RecipeError } from '../../base/index.ts'
import { patchGan, resnetGenerator, unetGenerator } from '../../models/index.ts'
import { scaleJitter } from '../../nn/index.ts'
import { type CycleGan, cycleGan, grayView, multistainJitter } from '../../train/index.ts'
import { colourMap } from './distill.ts'
import type { GanOptions, MultistainOptions } from './ganOptions.ts'

/** The four networks that options describe. Throws RecipeError for an unknown form or mode. */
export function buildGan(options: GanOptions | MultistainOptions): CycleGan {
  const { generator, discriminator, gan, cycle, identity } = options
  const { form, width, blocks, downs } = generator
  checkChoice('generator.form', form, ['resnet', 'unet'])
  return cycleGan({
    generator: form === 'unet' ? unetGenerator({ width, downs }) : resnetGenerator({ width, blocks }),
    discriminator: patchGan(discriminator),
    gan,
    cycleWeights: [cycle, cycle],
    identityWeight: identity,
    ...('mode' in options && { view: viewOf(options) }),
  })
}

/** A colour map in the place of the generators. */
export function colourGan(width: number): CycleGan {
  return cycleGan({ generator: colourMap(width), discriminator: patchGan() })
}

function viewOf({ mode, inference, jitter }: MultistainOptions) {
  checkChoice('mode', mode, ['paper', 'reference'])
  if (inference !== null) checkChoice('inference', inference, ['gray', 'rgb'])
  if (!(jitter >= 0)) {
    throw new RecipeError({ where: 'stain jitter', expected: 'a number of at least 0', got: `${jitter}` })
  }
  return grayView(mode, scaleJitter(multistainJitter, jitter), inference ?? undefined)
}

function checkChoice(where: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return
  throw new RecipeError({ where: `stain ${where}`, expected: choices.join(' or '), got: `${value}` })
}
