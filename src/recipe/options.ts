// Completes the options a recipe or a command line gives with a method's defaults, and checks them by its rules.

import {
  checkOptions,
  type OptionRules,
  parseDecimal,
  pickNamed,
  RecipeError,
  UnknownNameError,
} from '../base/index.ts'

export type PlainOptions = Readonly<Record<string, unknown>>

/** Options that can be chosen: what they are where nothing is said, and what they may be. */
export interface Choices<Options extends object> {
  readonly defaults: Options
  readonly rules: OptionRules<Options>
  /** Named sets that replace some of the defaults. */
  readonly presets?: Readonly<Record<string, object>>
  /** Keys that may be written beside the options, which an unknown one may have been meant for. */
  readonly beside?: readonly string[]
}

/**
 * The defaults with what `given` overrides, groups key by key, checked by the rules. An unknown key or name throws
 * UnknownNameError with the nearest valid one, a value that its rule does not accept RecipeError.
 */
export function completeOptions<Options extends object>(
  where: string,
  { defaults, rules, beside }: Choices<Options>,
  given: PlainOptions,
): Options {
  const complete = mergeOptions(where, defaults as PlainOptions, given, beside) as Options
  checkOptions(where, rules, complete)
  return complete
}

function mergeOptions(
  where: string,
  defaults: PlainOptions,
  given: PlainOptions,
  beside: readonly string[] = [],
): PlainOptions {
  const merged: Record<string, unknown> = { ...defaults }
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, key))
      throw new UnknownNameError(where, key, [...Object.keys(defaults), ...beside])
    const usual = defaults[key]
    merged[key] = isGroup(usual) && isGroup(value) ? mergeOptions(`${where}.${key}`, usual, value) : value
  }
  return merged
}

function isGroup(value: unknown): value is PlainOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A method's options: its defaults, what the preset `preset` changes of them, then what `given` overrides. Throws as
 * completeOptions, and UnknownNameError naming `presetWhere` for a preset that the method has not.
 */
export function completeMethod<Options extends object>(
  where: string,
  { defaults, rules, presets = {}, beside }: Choices<Options>,
  preset: string | undefined,
  given: PlainOptions,
  presetWhere = `${where} preset`,
): PlainOptions {
  const chosen = preset === undefined ? {} : pickNamed(presetWhere, presets, preset)
  return completeOptions(
    where,
    { defaults: { ...defaults, ...chosen }, rules, beside },
    given,
  ) as PlainOptions
}

/**
 * `['a=1', 'b=[0,1]', 'c.d=text']` as options; values are read as JSON, `0,1` as a list of numbers,
 * else as text; dots name options of a group.
 * Throws RecipeError.
 */
export function parseAssignments(assignments: readonly string[]): PlainOptions {
  const options = openGroup()
  for (const assignment of assignments) {
    const at = assignment.indexOf('=')
    const keys = assignment.slice(0, at).split('.')
    if (at < 1 || keys.includes(''))
      throw new RecipeError({ where: '--set', expected: 'key=value', got: `'${assignment}'` })
    const last = keys.pop()!
    let group = options
    for (const key of keys) {
      if (typeof group[key] !== 'object') group[key] = openGroup()
      group = group[key] as Record<string, unknown>
    }
    group[last] = parseValue(assignment.slice(at + 1))
  }
  return options
}

// No prototype: what is typed is a name and nothing else.
const openGroup = () => Object.create(null) as Record<string, unknown>

// JSON, numbers between commas as a list, or else text.
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const numbers = text.split(',').map(parseDecimal)
    return numbers.length > 1 && !numbers.includes(undefined) ? numbers : text
  }
}
