// What is wrong with a recipe, in the words of Eosin's errors: YAML that cannot be, keys and values that are not the
// schema's. A schema knows its keys, so that the nearest one can be named.

import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { type EosinError, nearestName, printValue, RecipeError, UnknownNameError } from '../base/index.ts'
import { recogniseFile, wrongFile } from '../formats/index.ts'

const longestRecipe = 1_000_000

/**
 * The keys and values of a recipe's text. Throws RecipeError where it is no YAML, no group of keys, or would unfold to
 * more than it says.
 */
export function readYaml(text: string, where: string): Readonly<Record<string, unknown>> {
  if (text.length > longestRecipe) {
    const expected = `a recipe of at most ${longestRecipe} characters`
    throw new RecipeError({ where, expected, got: `${text.length}`, hint: 'is it the right file?' })
  }
  const bytes = new TextEncoder().encode(text.slice(0, 4096))
  const head = { bytes, size: bytes.length }
  const wanted = { expected: 'a recipe in YAML (docs/study.md)', kinds: ['text', 'json', 'other'] } as const
  if (!wanted.kinds.some((kind) => kind === recogniseFile(head)))
    throw new RecipeError(wrongFile(where, wanted, head).parts)
  const document = parseDocument(text, { logLevel: 'error' })
  const [fault] = document.errors
  if (fault) {
    const isDeep = fault.message.startsWith('Maximum call stack')
    const got = isDeep ? 'lists or groups nested too deeply' : fault.message.split('\n')[0].replace(/:$/, '')
    throw new RecipeError({ where, got, hint: 'mend the YAML' })
  }
  const value = unfold(document, where)
  if (kindOf(value) === 'a group of keys') return value as Readonly<Record<string, unknown>>
  const hint = 'a recipe begins with name:, data:, stain: (docs/study.md)'
  throw new RecipeError({ where, expected: 'a group of keys', got: kindOf(value), hint })
}

// Aliases may stand for much more than the text is long, or for what holds them.
function unfold(document: ReturnType<typeof parseDocument>, where: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    JSON.stringify(value)
    return value
  } catch (cause) {
    const got = 'aliases (*) that unfold to too much, or hold themselves'
    throw new RecipeError({ where, got, hint: 'write out what they stand for' }, cause)
  }
}

/** The error for what the schema finds wrong with `value`: its first issue. */
export function explainIssue(
  where: string,
  schema: z.core.$ZodType,
  value: unknown,
  issue: z.core.$ZodIssue,
): EosinError {
  const place = [where, issue.path.join('.')].filter(Boolean).join(' ')
  const found = issue.path.reduce<unknown>((inner, key) => (inner as Keyed | undefined)?.[key], value)
  const inner = issue.path.reduce(schemaAt, schema)
  switch (issue.code) {
    case 'unrecognized_keys':
      return new UnknownNameError(place, issue.keys[0], keysOf(inner))
    case 'invalid_union': {
      const nearest = chooseWay(issue)
      if (nearest)
        return explainIssue(where, schema, value, { ...nearest, path: [...issue.path, ...nearest.path] })
      const expected = issue.errors.map(([first]) => describeWay(first)).join(', or ')
      return new RecipeError({ where: place, expected, got: printValue(found) })
    }
    case 'invalid_value': {
      const names = issue.values.map(String)
      if (typeof found === 'string') return new UnknownNameError(place, found, names)
      return new RecipeError({ where: place, expected: names.join(' or '), got: printValue(found) })
    }
    case 'invalid_type':
      return explainType(place, value, issue, found)
    case 'too_small':
    case 'too_big':
      return new RecipeError({ where: place, expected: describeBound(issue), got: printValue(found) })
    default:
      return new RecipeError({ where: place, expected: issue.message, got: printValue(found) })
  }
}

type Keyed = Readonly<Record<PropertyKey, unknown>>

// Of the ways to write a value, what is wrong with the one that it comes nearest to: that does not fail as a whole.
function chooseWay({ errors }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | undefined {
  const isWhole = ({ path, code }: z.core.$ZodIssue) =>
    path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
  return errors.map(([first]) => first).find((first) => first && !isWhole(first))
}

function describeWay(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return kinds[issue.expected] ?? issue.expected
  return issue.code === 'invalid_value' ? issue.values.join(' or ') : issue.message
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
}

function explainType(
  place: string,
  value: unknown,
  { expected, path }: z.core.$ZodIssueInvalidType,
  found: unknown,
): RecipeError {
  const kind = kinds[expected] ?? expected
  const key = String(path.at(-1) ?? '')
  if (found === undefined || found === null) {
    const beside = path.slice(0, -1).reduce<unknown>((inner, step) => (inner as Keyed)[step], value)
    const near = nearestName(key, Object.keys((beside as object) ?? {}))
    const hint = near && near !== key ? `is '${near}' meant for it?` : `add ${key}:`
    return new RecipeError({ where: place, expected: kind, got: 'nothing', hint })
  }
  const written = String(found).slice(0, 60)
  const isScalar = typeof found !== 'object'
  const isSplit = path[0] === 'data' && path.length === 2
  const form = isScalar && (kind === 'a list' ? `[${written}]` : isSplit && `{ path: ${written} }`)
  const hint = form ? `write ${key}: ${form}` : undefined
  return new RecipeError({ where: place, expected: kind, got: printValue(found), hint })
}

function describeBound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const isLeast = issue.code === 'too_small'
  const bound = isLeast ? issue.minimum : issue.maximum
  const closed = isLeast ? 'at least' : 'at most'
  const side = issue.inclusive === false ? (isLeast ? 'more than' : 'less than') : closed
  if (issue.origin === 'array') return `a list of ${side} ${bound}`
  return issue.origin === 'string' ? `a text of ${side} ${bound} characters` : `a number of ${side} ${bound}`
}

// The schema one key further down.
function schemaAt(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType {
  for (const way of optionsOf(schema)) {
    const { def } = way._zod
    if (def.type === 'array') return (def as z.core.$ZodArrayDef).element
    const shape = def.type === 'object' ? (def as z.core.$ZodObjectDef).shape : {}
    if (Object.hasOwn(shape, key)) return shape[String(key)]
  }
  return schema
}

function keysOf(schema: z.core.$ZodType): string[] {
  return optionsOf(schema).flatMap(({ _zod: { def } }) =>
    def.type === 'object' ? Object.keys((def as z.core.$ZodObjectDef).shape) : [],
  )
}

// The schema without its defaults, or all ways of a union.
function optionsOf(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const { def } = schema._zod
  if (def.type === 'union') return (def as z.core.$ZodUnionDef).options
  const { innerType } = def as { innerType?: z.core.$ZodType }
  return innerType ? optionsOf(innerType) : [schema]
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object'
    ? 'a group of keys'
    : `a ${typeof value === 'string' ? 'text' : typeof value}`
}
