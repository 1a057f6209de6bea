// The groups that points are coloured by, each with a colour of the report and a shape of its own.

import { type EmbeddingMap, type SetColumns, unknownLabel } from '../../../../src/serve/browser.ts'

/** What points can be coloured by. */
export const groupings = ['center', 'label', 'prediction', 'split'] as const
export type Grouping = (typeof groupings)[number]

/** Some points of one kind. */
export interface Group {
  readonly name: string
  /** A custom property of the theme. */
  readonly colour: string
  readonly shape: Shape
  readonly count: number
}

/** The group of each point, as its place among the groups. */
export interface Grouped {
  readonly groups: readonly Group[]
  readonly of: Uint16Array
}

export const shapes = ['circle', 'square', 'triangle', 'diamond', 'cross', 'plus', 'wedge'] as const
export type Shape = (typeof shapes)[number]
const seriesColours = 8

/** Groups the points of a map; `probabilities` of tumour are those of the chosen cell, by row of the set. */
export function groupPoints(
  { row, split }: EmbeddingMap,
  columns: SetColumns,
  by: Grouping,
  probabilities: Float32Array | null,
): Grouped {
  if (by === 'split')
    return collect(columns.splitNames, split, (place) => `--series-${1 + (place % seriesColours)}`)
  if (by === 'center') {
    const sorted = [...columns.centerNames].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    const placeOf = columns.centerNames.map((name) => sorted.indexOf(name))
    const last = sorted.length
    return collect(
      [...sorted, 'no center'],
      Array.from(row, (own) => placeOf[columns.center[own]] ?? last),
      (place) => (place === last ? '--series-0' : `--series-${1 + (place % seriesColours)}`),
    )
  }
  const threshold = columns.threshold ?? 0.5
  const callOf = (own: number) => {
    const probability = probabilities?.[own] ?? Number.NaN
    return Number.isNaN(probability) ? 2 : probability >= threshold ? 1 : 0
  }
  const labelOf = (own: number) => (columns.label[own] === unknownLabel ? 2 : columns.label[own])
  const names = ['normal', 'tumour', by === 'label' ? 'no label' : 'no prediction']
  const colours = ['--normal', '--tumour', '--series-0']
  return collect(names, Array.from(row, by === 'label' ? labelOf : callOf), (place) => colours[place])
}

// Groups without points are left out.
function collect(
  names: readonly string[],
  places: ArrayLike<number>,
  colourOf: (place: number) => string,
): Grouped {
  const counts = new Uint32Array(names.length)
  for (let i = 0; i < places.length; i++) counts[places[i]]++
  const kept = [...names.keys()].filter((place) => counts[place] > 0)
  const groups = kept.map((place) => ({
    name: names[place],
    colour: colourOf(place),
    shape: shapes[(place + Math.floor(place / seriesColours)) % shapes.length],
    count: counts[place],
  }))
  return { groups, of: Uint16Array.from(places, (place) => kept.indexOf(place)) }
}
