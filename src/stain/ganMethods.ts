// The learned stain methods: CycleGAN (Zhu et al. 2017), one model a source center, and MultiStain-CycleGAN (Hetz et
// al. 2023), one model for all. Their machinery needs networks and files and is loaded when one is used, so that the
// classical methods stay without.

import { compareNames, UsageError } from '../base/index.ts'
import type { GanFit } from './gan/ganFit.ts'
import {
  checkTraining,
  cycleganDefaults,
  cycleganPresets,
  cycleganRules,
  type GanOptions,
  ganReferences,
  type MultistainOptions,
  multistainDefaults,
  multistainPresets,
  multistainRules,
} from './gan/ganOptions.ts'
import type { StainDomains, StainMethod, TrainingPlace } from './stainMethod.ts'

/** One generator for each source center; patches of other centers take that of the source nearest in colour. */
export const cyclegan: StainMethod<GanOptions, GanFit> = {
  ...ganMethod('cyclegan', 'fitEach', cycleganDefaults),
  about: "Each source center's own CycleGAN makes the target's colours (Zhu 2017).",
  defaults: cycleganDefaults,
  rules: cycleganRules,
  presets: cycleganPresets,
}

/** One generator for all centers, which sees the gray of a patch. */
export const multistain: StainMethod<MultistainOptions, GanFit> = {
  ...ganMethod('multistain', 'fitPooled', multistainDefaults),
  about: "One generator makes the target's colours from the gray of any center (Hetz 2023).",
  defaults: multistainDefaults,
  rules: multistainRules,
  presets: multistainPresets,
}

// What was written before an option was there is completed by its default.
function ganMethod(name: string, how: 'fitEach' | 'fitPooled', defaults: GanOptions) {
  return {
    name,
    version: 4,
    needsReference: true,
    references: ganReferences,
    fit: async () => {
      const hint = 'train it with eosin stain train, or by a study'
      throw new UsageError({
        where: name,
        expected: 'a training on sources and a target',
        got: 'a reference',
        hint,
      })
    },
    check: checkTraining,
    train: async (domains: StainDomains, options: GanOptions, place: TrainingPlace) =>
      (await import('./gan/index.ts'))[how](domains, options, place),
    distill: async (fit: GanFit, domains: StainDomains, options: GanOptions, place: TrainingPlace) =>
      (await import('./gan/index.ts')).distillFit(fit, domains, options, place),
    origin: ({ target, seen }: GanFit) => {
      const centers = seen.map(shortName).sort(compareNames)
      const training = centers.length > 0 ? `trained on ${centers.join(', ')}` : 'from checkpoints'
      return `made for center ${shortName(target)}; ${training}`
    },
    apply: async (...[batch, fit, options, context]: Parameters<StainMethod<GanOptions, GanFit>['apply']>) =>
      (await import('./gan/index.ts')).applyGan(batch, fit, { ...defaults, ...options }, context),
  } as const
}

// `center_2` -> `2`
function shortName(center: string): string {
  return center.replace(/^cent(?:er|re)[ _-]?(?=.)/i, '')
}
