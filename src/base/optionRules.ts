// What the values of options may be, declared beside their defaults: one rule an option. Bounds are there so that a slip
// of the keyboard cannot ask for what no machine has; they lie far above what anybody uses.

import { RecipeError, UnknownNameError } from './errors.ts'

/** What one option's value may be. */
export interface OptionRule {
  /** In words, after `expected`. */
  readonly expected: string
  accepts(value: unknown): boolean
  /** Of a number: its bounds, and whether it must be whole. A bound itself may be outside: `accepts` says. */
  readonly range?: { readonly least: number; readonly most: number; readonly isWhole: boolean }
  /** Of a choice: its names. */
  readonly names?: readonly string[]
  /** Of a group: the rules of its options. */
  readonly rules?: Readonly<Record<string, OptionRule>>
}

/** A rule for each option; the compiler misses none. */
export type OptionRules<Options> = { readonly [Key in keyof Options]-?: OptionRule }

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number): OptionRule {
  return {
    expected: `a whole number from ${least} to ${most}`,
    range: { least, most, isWhole: true },
    accepts: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
  }
}

/** A number from `least` to `most`; `without` says which of the two is not allowed itself. */
export function real(least: number, most: number, without?: 'least' | 'most'): OptionRule {
  const [from, to] = [without === 'least' ? 'above ' : '', without === 'most' ? 'below ' : '']
  return {
    expected: from ? `a number above ${least}, at most ${most}` : `a number from ${least} to ${to}${most}`,
    range: { least, most, isWhole: false },
    accepts: (value) =>
      typeof value === 'number' &&
      (without === 'least' ? value > least : value >= least) &&
      (without === 'most' ? value < most : value <= most),
  }
}

/** true or false. */
export const flag: OptionRule = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' }

/** A text of at most 4096 characters, described as `what`. */
export function text(what = 'a text'): OptionRule {
  return {
    expected: what,
    accepts: (value) => typeof value === 'string' && value.length > 0 && value.length <= 4096,
  }
}

/** One of these names. */
export function oneOf(names: readonly string[]): OptionRule {
  return {
    expected: `one of ${names.join(', ')}`,
    accepts: (value) => typeof value === 'string' && names.includes(value),
    names,
  }
}

/** Exactly this value. */
export function only(only: boolean | string): OptionRule {
  return { expected: `${only}`, accepts: (value) => value === only }
}

/** A list of `least` to `most` values that the rule accepts, e.g. `example`. */
export function listOf(rule: OptionRule, least: number, most: number, example: string): OptionRule {
  const count = least === most ? `${least} values` : `${least} to ${most} values`
  return {
    expected: `a list of ${count}, each ${rule.expected}, e.g. ${example}`,
    accepts: (value) =>
      Array.isArray(value) && value.length >= least && value.length <= most && value.every(rule.accepts),
  }
}

/** What one of the rules accepts. */
export function either(...rules: readonly OptionRule[]): OptionRule {
  return {
    expected: rules.map(({ expected }) => expected).join(', or '),
    accepts: (value) => rules.some((rule) => rule.accepts(value)),
  }
}

/** null, or what the rule accepts. */
export function orNull(rule: OptionRule): OptionRule {
  return {
    ...rule,
    expected: `${rule.expected}, or null`,
    accepts: (value) => value === null || rule.accepts(value),
  }
}

/** A group of options with rules of their own. */
export function group<Options extends object>(rules: OptionRules<Options>): OptionRule {
  return {
    expected: 'a group of options',
    accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    rules: rules as Readonly<Record<string, OptionRule>>,
  }
}

/**
 * Checks options against their rules. Throws UnknownNameError with the nearest name for a key or a choice that is none,
 * RecipeError for a value that its rule does not accept; both name the option as `<where>.<key>`.
 */
export function checkOptions<Options extends object>(
  where: string,
  rules: OptionRules<Options>,
  options: Options,
): void {
  const known = rules as Readonly<Record<string, OptionRule>>
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, key)) throw new UnknownNameError(where, key, Object.keys(known))
    checkValue(`${where}.${key}`, known[key], value)
  }
}

function checkValue(where: string, rule: OptionRule, value: unknown): void {
  if (!rule.accepts(value)) {
    if (rule.names && typeof value === 'string') throw new UnknownNameError(where, value, rule.names)
    throw new RecipeError({ where, expected: rule.expected, got: printValue(value) })
  }
  if (rule.rules && value !== null) checkOptions(where, rule.rules, value as object)
}

/** A value as it would be written in a recipe; NaN and infinite numbers by their names. */
export function printValue(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value)?.slice(0, 2000) ?? String(value))
}
