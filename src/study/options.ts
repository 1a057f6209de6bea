// Completes the options a recipe or a command line gives with a method's defaults.

import { pickNamed, RecipeError, UnknownNameError } from '../base/index.ts'

export type PlainOptions = Readonly<Record<string, unknown>>

/**
 * `defaults` with what `given` overrides, nested objects key by key. An unknown key throws UnknownNameError
 * with the nearest valid one, a value of another type than its default RecipeError; null switches an option
 * off, and a default of null accepts any type.
 */
export function completeOptions<Options extends object>(
  where: string,
  defaults: Options,
  given: PlainOptions,
): Options {
  const complete: Record<string, unknown> = { ...(defaults as PlainOptions) }
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, key)) throw new UnknownNameError(where, key, Object.keys(defaults))
    complete[key] = completeValue(`${where}.${key}`, complete[key], value)
  }
  return complete as Options
}

function completeValue(where: string, usual: unknown, value: unknown): unknown {
  if (usual === null || value === null) return value
  if (kindOf(value) !== kindOf(usual)) {
    throw new RecipeError({ where, expected: kindOf(usual), got: JSON.stringify(value) })
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new RecipeError({ where, expected: 'a finite number', got: String(value) })
  }
  const isPlain = typeof value === 'object' && !Array.isArray(value)
  return isPlain ? completeOptions(where, usual as object, value as PlainOptions) : value
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a group of options' : `a ${typeof value}`
}

/**
 * A method's options: its defaults, what the preset `preset` changes of them, then what `given` overrides. Throws as
 * completeOptions, and UnknownNameError naming `presetWhere` for a preset that the method has not.
 */
export function completeMethod(
  where: string,
  {
    defaults,
    presets = {},
  }: { readonly defaults: object; readonly presets?: Readonly<Record<string, object>> },
  preset: string | undefined,
  given: PlainOptions,
  presetWhere = `${where} preset`,
): PlainOptions {
  const chosen = preset === undefined ? {} : pickNamed(presetWhere, presets, preset)
  return completeOptions<object>(where, { ...defaults, ...chosen }, given) as PlainOptions
}

/**
 * `['a=1', 'b=[0,1]', 'c.d=text']` as options; values are read as JSON, else as text; dots name options of a group.
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

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
