// Every recipe that the project ships parses as it is.

import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readRecipe } from '../../src/recipe/index.ts'

const shipped = readdirSync('recipes').filter((file) => file.endsWith('.yaml'))

describe('the shipped recipes', () => {
  it('are there', () => {
    expect(shipped.length).toBeGreaterThan(1)
  })

  it.each(shipped)('%s is complete and valid', async (file) => {
    const recipe = await readRecipe(`recipes/${file}`)
    expect(`${recipe.name}.yaml`).toBe(file)
    expect(recipe.stain.length * recipe.embed.length * recipe.classify.length).toBeGreaterThan(0)
  })
})
