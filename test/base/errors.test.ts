import { describe, expect, it } from 'vitest'
import { DataError, nearestName, pickNamed, RecipeError, UnknownNameError } from '../../src/base/index.ts'

describe('errors', () => {
  it('say where, what was expected, what was there and what to do', () => {
    const error = new DataError({
      where: 'a.h5/3',
      expected: '3x96x96',
      got: '96x96x3',
      hint: 'transpose it',
    })
    expect(error.message).toBe('a.h5/3: expected 3x96x96, got 96x96x3; transpose it')
    expect(error.name).toBe('DataError')
  })

  it('exit with 2 for what a recipe says and 1 for what a file holds', () => {
    expect(new RecipeError({ where: 'recipe' }).exitCode).toBe(2)
    expect(new DataError({ where: 'file' }).exitCode).toBe(1)
  })

  it('list the valid names and suggest the nearest', () => {
    const pick = () => pickNamed('stain', { none: 1, macenko: 2 }, 'macenco')
    expect(pick).toThrow(UnknownNameError)
    expect(pick).toThrow("stain: expected one of none, macenko, got 'macenco'; did you mean 'macenko'?")
  })

  it('suggest nothing where no name is near', () => {
    expect(nearestName('reinhard', ['none', 'mlp'])).toBeUndefined()
    expect(nearestName('3', ['1', '8'])).toBeUndefined()
    expect(nearestName('16', ['1', '8', 'all'])).toBeUndefined()
    expect(nearestName('x', ['a', 'b'])).toBeUndefined()
    expect(nearestName('A', ['a', 'b'])).toBe('a')
  })

  it('do not take inherited properties for names', () => {
    expect(() => pickNamed('stain', { none: 1 }, 'toString')).toThrow(UnknownNameError)
  })
})
