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

/** The CSS colour of a series: 0 is the baseline's grey, 1 and up are told apart. */
export function seriesColour(index: number): string {
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

/** Colours for the compared cells: by stain where that tells them apart, else one each. */
export function colourCompared(metrics: Metrics): (cell: Cell) => string {
  const cells = compareCells(metrics)
  if (new Set(cells.map((cell) => cell.stain)).size === cells.length) {
    const colour = colourGrid(metrics)
    return (cell) => colour(cell.stain)
  }
  return (cell) => seriesColour(1 + cells.findIndex((other) => other.id === cell.id))
}
