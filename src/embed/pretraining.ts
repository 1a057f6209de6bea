// What an extractor was trained on, as its user says it: an option of every extractor that is a network. It changes no embedding;
// the guards compare it with the hospitals of a study.

import { listOf, type OptionRule, type OptionRules, orNull, text } from '../base/index.ts'
import type { ExtractorMethod } from './extractorMethod.ts'

/** What networks take beside their own options. */
export interface PretrainingOptions {
  /** Names of data sets; null for what the model's card says. */
  readonly pretraining: readonly string[] | null
}

/** As the card says. */
export const pretrainingDefaults: PretrainingOptions = { pretraining: null }

const names: OptionRule = orNull(listOf(text('the name of a data set'), 1, 100, '[TCGA]'))

/** A family of networks with the option `pretraining`. */
export function withPretraining<Options extends object>(
  method: ExtractorMethod<Options>,
): ExtractorMethod<Options & PretrainingOptions> {
  return {
    ...method,
    defaults: { ...method.defaults, ...pretrainingDefaults },
    rules: { ...method.rules, pretraining: names } as OptionRules<Options & PretrainingOptions>,
    async open({ pretraining, ...options }, context, path) {
      const extractor = await method.open(options as unknown as Options, context, path)
      const { provenance } = extractor
      if (!pretraining || !provenance || provenance.isTrained === false) return extractor
      const stated = pretraining.map((name) => ({ name, about: 'as its user says' }))
      return { ...extractor, provenance: { ...provenance, pretraining: stated } }
    },
  }
}
