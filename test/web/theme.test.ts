import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { DARK, LIGHT } from '../../src/report/style.ts'

it("the pages' colours are those of the report, on light and on dark paper", () => {
  const [light, dark] = readFileSync('web/src/theme.css', 'utf8').split('@media (prefers-color-scheme: dark)')
  expect(readDeclarations(light)).toEqual(readDeclarations(LIGHT))
  expect(readDeclarations(dark)).toEqual(readDeclarations(DARK))
  expect(Object.keys(readDeclarations(dark))).toHaveLength(31)
})

function readDeclarations(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([\w-]+): ?([^;{}]+?)(?=[;\n]|$)/g)].map(([, name, value]) => [name, value.trim()]),
  )
}
