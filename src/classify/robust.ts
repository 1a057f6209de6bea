// How the training of a head is made to hold on centers that it has not seen: what may be asked for, and of which heads.

import { flag, type NdArray, type OptionRules, RecipeError, type RowSource, real } from '../base/index.ts'

/** How training is made to hold on centers that it has not seen; plain JSON, all off by default. */
export interface RobustOptions {
  /** Every center is drawn equally often in an epoch. */
  readonly balance: boolean
  /** Alpha of the Beta distribution that pairs of rows are mixed by (Zhang et al. 2018), above 0 to 1; 0: rows as they are. */
  readonly mixup: number
  /** Step size of group distributionally robust optimisation (Sagawa et al. 2020, algorithm 1) over centers; 0: the mean loss. */
  readonly groupDro: number
  /** Weight of a domain-adversarial branch (Ganin et al. 2016) against the centers of training; 0: none. */
  readonly adversarial: number
}

/** Everything off. */
export const robustDefaults: RobustOptions = { balance: false, mixup: 0, groupDro: 0, adversarial: 0 }

/** What each option may be. */
export const robustRules: OptionRules<RobustOptions> = {
  balance: flag,
  mixup: real(0, 1),
  groupDro: real(0, 10),
  adversarial: real(0, 100),
}

/** Robust training as a fit is asked for it. */
export interface RobustFit {
  readonly options: RobustOptions
  /** One a training row: the index of its center. Which index a center has does not matter. */
  readonly centers: Uint16Array
  /** Unlabelled rows of the target center: they take part in the adversary only, as one more domain. This is transductive. */
  readonly target?: NdArray<'f32'> | RowSource
}

/**
 * Throws RecipeError, with the option at `where`, where the options ask for what so many training centers, with or without
 * rows of the target, cannot give; `fit` does the same.
 */
export function checkRobust(
  where: string,
  { groupDro, adversarial }: RobustOptions,
  { centers, hasTarget }: { readonly centers: number; readonly hasTarget: boolean },
): void {
  if (groupDro > 0 && centers < 2) {
    throw new RecipeError({
      where: `${where}.groupDro`,
      expected: 'at least 2 training centers',
      got: `${centers}`,
    })
  }
  if (adversarial > 0 && centers + Number(hasTarget) < 2) {
    throw new RecipeError({
      where: `${where}.adversarial`,
      expected: 'at least 2 training centers, or unlabelled rows of the target',
      got: `${centers} center without them`,
    })
  }
  if (hasTarget && adversarial === 0) {
    throw new RecipeError({
      where: `${where}.adversarial`,
      expected: 'a weight above 0 with unlabelled rows of the target, which only the adversary uses',
      got: '0',
    })
  }
}

/** The options of robust training among others. */
export function pickRobust({ balance, mixup, groupDro, adversarial }: RobustOptions): RobustOptions {
  return { balance, mixup, groupDro, adversarial }
}

/** Whether any option asks for something. */
export function isRobust({ balance, mixup, groupDro, adversarial }: RobustOptions): boolean {
  return balance || mixup > 0 || groupDro > 0 || adversarial > 0
}

/** Throws RecipeError where robust training is asked of a head that has none. */
export function rejectRobust(head: string, robust: RobustFit | undefined): void {
  if (!robust || !isRobust(robust.options)) return
  const asked = Object.entries(robust.options).flatMap(([name, value]) => (value ? [name] : []))
  throw new RecipeError({
    where: head,
    expected: 'plain training',
    got: asked.join(', '),
    hint: 'choose a head that can be trained so, such as mlp',
  })
}
