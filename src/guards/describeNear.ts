// Near duplicates in numbers, with the likest of them by their ids.

import type { PatchSet } from '../patches/browser.ts'
import type { NearDuplicate } from './nearDuplicates.ts'

/** Patches of one set that look like one of another without being it to the byte. */
export interface NearDuplicates {
  /** How many patches of the second set. */
  readonly count: number
  /** How many of them have the other label in the first set; not there where none has. */
  readonly contradicting?: number
  /** How many of them are turned or mirrored; not there where none is. */
  readonly turned?: number
  /** The likest, at most five. */
  readonly examples: readonly NearExample[]
}

/** Two patches that look alike, by their ids. */
export interface NearExample {
  readonly first: string
  readonly second: string
  /** What the second is of the first, e.g. `mirrored`. */
  readonly view: string
  /** Median correlation of their detail, 0.8 to 1. */
  readonly likeness: number
}

const examplesAtMost = 5

// By the three bits of a view.
const viewNames = [
  'as it is',
  'mirrored left to right',
  'mirrored top to bottom',
  'turned by 180 degrees',
  'mirrored along a diagonal',
  'turned by 90 degrees',
  'turned by 90 degrees',
  'mirrored along a diagonal',
]

/** Near duplicates of two sets in numbers; undefined where there are none. */
export function describeNear(
  first: Pick<PatchSet, 'ids' | 'labels'>,
  second: Pick<PatchSet, 'ids' | 'labels'>,
  found: readonly NearDuplicate[],
): NearDuplicates | undefined {
  if (found.length === 0) return undefined
  const contradicting = found.filter(
    (pair) => first.labels && second.labels && first.labels[pair.first] !== second.labels[pair.second],
  ).length
  const turned = found.filter(({ view }) => view !== 0).length
  const likest = found.toSorted((a, b) => b.likeness - a.likeness).slice(0, examplesAtMost)
  return {
    count: found.length,
    ...(contradicting > 0 && { contradicting }),
    ...(turned > 0 && { turned }),
    examples: likest.map((pair) => ({
      first: first.ids[pair.first],
      second: second.ids[pair.second],
      view: viewNames[pair.view],
      likeness: Number(pair.likeness.toFixed(3)),
    })),
  }
}
