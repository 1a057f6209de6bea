import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { drawHouse } from '../../scripts/drawHouse.ts'

it('the picture of the house is that of the code (npx tsx scripts/drawHouse.ts draws it anew)', () => {
  expect(readFileSync('docs/pictures/house.svg', 'utf8')).toBe(drawHouse())
})
