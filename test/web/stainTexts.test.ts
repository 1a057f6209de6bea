import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { completeOptions, parseAssignments } from '../../src/recipe/index.ts'
import { classicalMethods } from '../../src/stain/browser.ts'
import { printCommands, printRecipeEntry, readCenter } from '../../web/src/pages/stain/texts.ts'
import { openScale, sliderSteps } from '../../web/src/parts/sliderScale.ts'

const macenko = {
  method: 'macenko',
  needsReference: true,
  defaults: classicalMethods.macenko.defaults,
  references: [],
} as const
const { defaults } = macenko as unknown as { defaults: Readonly<Record<string, unknown>> }

describe('what the bench copies', () => {
  it('is an entry of a recipe', () => {
    expect(
      parse(printRecipeEntry({ ...macenko, defaults, options: defaults, references: ["it's: #1.png"] })),
    ).toEqual({
      stain: [{ method: 'macenko', reference: { ids: ["it's: #1.png"] } }],
    })
    const options = { ...defaults, alpha: 2.5, compatibility: 'torchstain' }
    expect(parse(printRecipeEntry({ ...macenko, defaults, options }))).toEqual({
      stain: [{ method: 'macenko', alpha: 2.5, compatibility: 'torchstain', reference: 'published' }],
    })
    const plain = { method: 'grayscale', needsReference: false, defaults: {}, options: {}, references: ['a'] }
    expect(parse(printRecipeEntry(plain))).toEqual({ stain: ['grayscale'] })
  })

  it('is a command whose options the command line reads back', () => {
    const stains = [
      [0.6, 0.7, 0.3],
      [0.1, 0.9, 0.2],
    ]
    const { ruifrok } = classicalMethods
    const usual = ruifrok.defaults as unknown as Readonly<Record<string, unknown>>
    const choice = {
      method: 'ruifrok',
      needsReference: true,
      defaults: usual,
      options: { ...usual, stains, references: 'averaged' },
      references: ["a's.png"],
    }
    const [fit, apply] = printCommands(choice).split('\n')
    expect(fit).toContain(`--ids 'a'\\''s.png' --out fit.json`)
    const set = /--set (.*) --ids/
      .exec(fit)![1]
      .split(' ')
      .map((word) => word.replace(/^'|'$/g, ''))
    expect(completeOptions('--set', ruifrok as never, parseAssignments(set))).toEqual(choice.options)
    expect(apply).toContain('--fit fit.json')
    expect(printCommands({ ...macenko, defaults, options: defaults })).toMatch(/^# no reference is chosen/)
  })

  it.each([
    ['center_2_a.png', '2'],
    ['data/centre-Lyon/x.png', 'Lyon'],
    ['percent_5.png', ''],
    ['patch.png', ''],
  ])('takes the center that %s names', (name, center) => {
    expect(readCenter(name)).toBe(center)
  })
})

describe("an option's slider", () => {
  const numbers = Object.values(classicalMethods).flatMap(({ rules, defaults }) =>
    Object.entries(
      rules as Record<
        string,
        { range?: { least: number; most: number; isWhole: boolean }; accepts(value: unknown): boolean }
      >,
    ).flatMap(([name, rule]) =>
      rule.range
        ? [{ name, rule, range: rule.range, usual: (defaults as unknown as Record<string, number>)[name] }]
        : [],
    ),
  )

  it('covers the range of every option, and its default can be reached', () => {
    expect(numbers.length).toBeGreaterThan(20)
    for (const { range, rule, usual } of numbers) {
      const scale = openScale(range, usual)
      expect(scale.toValue(sliderSteps)).toBe(range.most)
      expect(scale.toValue(0)).toBe(range.least)
      expect(scale.toValue(scale.toStep(usual))).toBeCloseTo(usual, 6)
      for (let step = 1; step < sliderSteps; step += 7) expect(rule.accepts(scale.toValue(step))).toBe(true)
    }
  })
})
