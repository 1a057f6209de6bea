// Options as they are typed on a command line.

import { describe, expect, it } from 'vitest'
import { checkOptions, group, type OptionRules, oneOf, whole } from '../../src/base/index.ts'
import { headMethods, headPresets } from '../../src/classify/index.ts'
import { extractors } from '../../src/embed/index.ts'
import { qualityDefaults, qualityRules } from '../../src/quality/index.ts'
import { completeOptions, parseAssignments } from '../../src/recipe/index.ts'
import { augmentationDefaults, augmentationRules, stainMethods } from '../../src/stain/index.ts'

describe('parseAssignments', () => {
  it('reads values as JSON, else as text, and dots as groups', () => {
    const parsed = parseAssignments([
      'a=1',
      'b=[0,1]',
      'c.d=text',
      'c.e=null',
      'f=x=y',
      'g=0.5,1,-2e-1',
      'h=a,1',
    ])
    expect(JSON.parse(JSON.stringify(parsed))).toEqual({
      a: 1,
      b: [0, 1],
      c: { d: 'text', e: null },
      f: 'x=y',
      g: [0.5, 1, -0.2],
      h: 'a,1',
    })
  })

  it('completes a group key by key, and names what is unknown in it', () => {
    const defaults = { width: 1, group: { form: 'a', side: 2 } }
    const rules = { width: whole(1, 9), group: group({ form: oneOf(['a', 'b']), side: whole(1, 9) }) }
    const set = (...assignments: string[]) =>
      completeOptions('--set', { defaults, rules }, parseAssignments(assignments))
    expect(set('group.side=5')).toEqual({ width: 1, group: { form: 'a', side: 5 } })
    expect(() => set('group.sid=5')).toThrow(/--set\.group: expected one of form, side, got 'sid'/)
    expect(() => set('group.form=A')).toThrow(
      /--set\.group\.form: expected one of a, b, got 'A'; did you mean 'a'/,
    )
    expect(() => set('width=10')).toThrow(/--set\.width: expected a whole number from 1 to 9, got 10/)
    expect(() => set('__proto__.side=5')).toThrow(/got '__proto__'/)
    expect(({} as { side?: number }).side).toBeUndefined()
  })

  it.each(['a', '=1', '.a=1', 'a.=1', 'a..b=1'])("refuses '%s'", (text) => {
    expect(() => parseAssignments([text])).toThrow(/expected key=value/)
  })
})

interface Table {
  readonly defaults: object
  readonly rules: object
  readonly presets?: Readonly<Record<string, object>>
}

// All that can be chosen, by a name for the test.
const tables: readonly (readonly [string, Table])[] = [
  ...Object.entries(stainMethods).map(([name, method]) => [`stain ${name}`, method] as const),
  ...Object.entries(extractors).map(([name, method]) => [`extractor ${name}`, method] as const),
  ...Object.entries(headMethods).map(
    ([name, method]) =>
      [`head ${name}`, { ...method, presets: headPresets[name as keyof typeof headPresets] }] as const,
  ),
  ...Object.entries(augmentationDefaults).map(
    ([name, defaults]) =>
      [
        `augmentation ${name}`,
        { defaults, rules: augmentationRules[name as keyof typeof augmentationRules] },
      ] as const,
  ),
  ['quality', { defaults: qualityDefaults, rules: qualityRules }],
]

// Values that no option takes, of which a list or a group is made too.
const absurd = [
  1e300,
  -1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  'x'.repeat(5000),
  Array(5000).fill(1),
  '',
]

// Every option of a table, those of groups by a dot.
function listKeys(options: object, prefix = ''): string[] {
  return Object.entries(options).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? [`${prefix}${key}`, ...listKeys(value, `${prefix}${key}.`)]
      : [`${prefix}${key}`],
  )
}

// `{ a: { b: value } }` of `a.b`
function nest(key: string, value: unknown): Record<string, unknown> {
  return key.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as Record<
    string,
    unknown
  >
}

describe('the options of every method', () => {
  it('are many', () => {
    expect(tables.flatMap(([, { defaults }]) => listKeys(defaults)).length).toBeGreaterThan(200)
  })

  it.each(tables)('of %s have a rule each, which defaults and presets keep', (_, {
    defaults,
    rules,
    presets,
  }) => {
    expect(Object.keys(rules).sort()).toEqual(Object.keys(defaults).sort())
    for (const preset of [{}, ...Object.values(presets ?? {})])
      checkOptions<object>('test', rules as OptionRules<object>, { ...defaults, ...preset })
  })

  it.each(tables)('of %s have bounds', (_, { defaults, rules }) => {
    const choices = { defaults, rules: rules as OptionRules<object> }
    for (const key of listKeys(defaults)) {
      for (const value of absurd) {
        const named = new RegExp(`^test\\.${key.replaceAll('.', '\\.')}: expected`)
        expect(() => completeOptions<object>('test', choices, nest(key, value)), `${key} ${value}`).toThrow(
          named,
        )
      }
    }
    expect(() => completeOptions<object>('test', choices, { nonsense: 1 })).toThrow(/got 'nonsense'/)
  })

  it('are bounded by what they cost together', () => {
    const { mlp } = headMethods
    const set = (hidden: readonly number[]) => () => completeOptions('mlp', mlp, { hidden })
    expect(set([8192, 8192])().hidden).toEqual([8192, 8192])
    expect(set([16_384, 16_384])).toThrow(
      /mlp.hidden: expected .* at most 2\^26 weights between them, got \[16384,/,
    )
    expect(set([1e9])).toThrow(
      /mlp.hidden: expected a list of 1 to 16 values, each a whole number from 1 to 16384/,
    )
  })
})
