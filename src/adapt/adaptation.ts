// The methods of adaptation by name, and their options.

import { flag, type OptionRules, oneOf } from '../base/index.ts'
import { type RobustOptions, robustDefaults, robustRules } from '../classify/index.ts'

/** How the embeddings of each center are changed by its own unlabelled patches before a head sees them. */
export const alignments = ['none', 'standardize', 'robust', 'coral'] as const
/** One of `alignments`. */
export type Alignment = (typeof alignments)[number]

/** Options of an adaptation: of embeddings, and of how heads are trained; plain JSON. */
export interface AdaptOptions extends RobustOptions {
  /**
   * `standardize`: less the center's mean, over its standard deviation, each dimension by itself. `robust`: median and
   * median absolute deviation instead. `coral`: standardised, then with the correlations of the training centers.
   */
  readonly align: Alignment
  /** Unlabelled patches of the test split take part in the adversary. */
  readonly target: boolean
}

/** What each option may be. */
export const adaptRules: OptionRules<AdaptOptions> = {
  align: oneOf(alignments),
  ...robustRules,
  target: flag,
}

const none: AdaptOptions = { align: 'none', ...robustDefaults, target: false }

/** Every method: what it is, and what it sets. Any option may be set beside it, so that methods combine. */
export const adaptMethods = {
  none: { about: 'Embeddings and training as they are', defaults: none },
  center: {
    about: 'Each dimension standardised per center, a new center by its own unlabelled patches',
    defaults: { ...none, align: 'standardize' },
  },
  'center-robust': {
    about: 'As center, by medians instead of means',
    defaults: { ...none, align: 'robust' },
  },
  coral: {
    about: 'Correlation alignment: as center, with the correlations of the training centers as well',
    defaults: { ...none, align: 'coral' },
  },
  balanced: { about: 'Every training center is drawn equally often', defaults: { ...none, balance: true } },
  mixup: { about: 'Heads are trained on mixtures of two rows', defaults: { ...none, mixup: 0.2 } },
  'group-dro': {
    about: 'Heads are trained on the training center that they do worst on',
    defaults: { ...none, groupDro: 0.01 },
  },
  adversarial: {
    about: 'Heads are trained on features that the training centers cannot be told from',
    defaults: { ...none, adversarial: 1 },
  },
  'adversarial-target': {
    about: 'As adversarial, with unlabelled patches of the test split as one more center',
    defaults: { ...none, adversarial: 1, target: true },
  },
} as const satisfies Record<string, { readonly about: string; readonly defaults: AdaptOptions }>

/** The name of a method of adaptation. */
export type AdaptName = keyof typeof adaptMethods

/** Whether a new center can be predicted only from many of its unlabelled patches at once. */
export const alignsTarget = ({ align }: AdaptOptions) => align !== 'none'

/** Whether unlabelled patches of the test split have a part in training or prediction. */
export const seesTarget = (options: AdaptOptions) => alignsTarget(options) || options.target
