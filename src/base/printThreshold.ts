// A threshold in words, wherever one is said.

import { compareNames } from './order.ts'

/** `0.5`, or of one for each center `0.41 (center 2), 0.5 (center 3)`; of what was chosen four digits. */
export function printThreshold(threshold: number | Readonly<Record<string, number>>): string {
  const round = (value: number) => String(Number(value.toFixed(4)))
  if (typeof threshold === 'number') return round(threshold)
  return Object.entries(threshold)
    .sort(([a], [b]) => compareNames(a, b))
    .map(([center, own]) => `${round(own)} (${center === '?' ? 'center not named' : `center ${center}`})`)
    .join(', ')
}
