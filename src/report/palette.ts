// Colours that mean something: one a stain method, the same all through the report. The hues are those of
// Okabe and Ito (Color Universal Design, 2008), told apart with any colour vision; page style gives each a
// darker and a lighter shade for light and dark paper.

import { type Cell, compareCells, type Metrics } from './data.ts'

/** Light-paper and dark-paper shades; `--series-0` is the grey of a baseline without normalisation. */
export const SERIES: readonly (readonly [light: string, dark: string])[] = [
  ['#6f6a78', '#a49dae'],
  ['#0072b2', '#56a9e0'],
  ['#d55e00', '#f58b45'],
  ['#008a66', '#2fc59a'],
  ['#a8538c', '#e09ac6'],
  ['#b07c00', '#e9b53a'],
  ['#3a95cf', '#8fd0f7'],
  ['#7a2f4f', '#d67f9f'],
  ['#6b6b00', '#c3c350'],
]

// The CSS colour of a series: 0 is the baseline's grey, 1 and up are told apart.
function seriesColour(index: number): string {
  return `var(--series-${index === 0 ? 0 : 1 + ((index - 1) % (SERIES.length - 1))})`
}

/** The CSS colour of each stain method of a run; `none` is grey. */
export function colourStains(stains: Iterable<string>): (stain: string) => string {
  const colours = new Map<string, string>()
  let next = 1
  for (const stain of stains) {
    if (!colours.has(stain)) colours.set(stain, seriesColour(stain === 'none' ? 0 : next++))
  }
  return (stain) => colours.get(stain) ?? seriesColour(0)
}

/** The stain colours of a run's grid. */
export function colourGrid(metrics: Metrics): (stain: string) => string {
  return colourStains(metrics.cells.map((cell) => cell.stain))
}

// Dash and gap in CSS pixels; the first is a whole line.
const DASHES: readonly (readonly number[])[] = [
  [],
  [7, 3],
  [2, 3],
  [9, 3, 2, 3],
  [13, 4],
  [4, 2],
  [1, 5],
  [9, 3, 2, 3, 2, 3],
]

/** Dashes of the compared cells' lines: those of one stain share its colour and are told apart by their dashes. */
export function dashCompared(metrics: Metrics): (cell: Cell) => readonly number[] {
  const cells = compareCells(metrics)
  return ({ id, stain }) => {
    const alike = cells.filter((cell) => cell.stain === stain)
    return DASHES[alike.findIndex((cell) => cell.id === id) % DASHES.length] ?? []
  }
}
