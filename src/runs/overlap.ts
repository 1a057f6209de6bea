// What two splits of a study, or two files, have in common, in words: the command line and the report say the same.

import type { SetOverlap } from '../guards/compareSets.ts'
import type { Within } from './record.ts'

type Near = NonNullable<SetOverlap['near']>

/** A sentence on an overlap, e.g. `train and val: 3 of the 120 patches of val (2.5 %) are in train as well.` */
export function describeOverlap({
  splits: [a, b],
  patches,
  near,
  slides,
  patients = [],
  centers,
}: SetOverlap): string {
  const { count, of, contradicting = 0 } = patches
  const parts = [
    ...(count > 0
      ? [
          `${count} of the ${of} patches of ${b} (${nameShare(count, of)}) are in ${a} as well${nameContradicting(contradicting, count)}`,
        ]
      : []),
    ...(near ? [nameNear(near, a, b, of)] : []),
    ...(slides.length > 0 ? [nameShared('slide', slides)] : []),
    ...(patients.length > 0 ? [nameShared('patient', patients)] : []),
    ...(centers.length > 0 ? [nameShared('center', centers)] : []),
  ]
  return `${a} and ${b}: ${parts.join('; ')}.`
}

/** A sentence for each two centers of a split that share patches, e.g. `within train, between centers: center 0 of train and ...`. */
export function listWithin(within: Within = {}): string[] {
  return Object.entries(within).flatMap(([split, overlaps]) =>
    overlaps.map((overlap) => `within ${split}, between centers: ${describeOverlap(overlap)}`),
  )
}

const nameShare = (count: number, of: number) =>
  `${((100 * count) / of).toFixed(count * 1000 < of ? 3 : 1)} %`

// Copies that were stored anew, altered, turned or moved; one of them is named, so that it can be looked at.
function nameNear(
  { count, turned = 0, contradicting = 0, examples }: Near,
  a: string,
  b: string,
  of: number,
): string {
  const many = count > 1 ? 'look like patches' : 'looks like a patch'
  const [{ first, second, view }] = examples
  const turns = turned > 0 ? `, ${turned === count ? 'all' : turned} of them turned or mirrored` : ''
  const example = `e.g. ${second} like ${first}${view === 'as it is' ? '' : ` ${view}`}`
  return `${count} of the ${of} patches of ${b} (${nameShare(count, of)}) ${many} of ${a} but for small changes${turns}${nameContradicting(contradicting, count)} (${example})`
}

function nameContradicting(contradicting: number, count: number): string {
  if (contradicting === 0) return ''
  return `, ${contradicting === count ? 'all' : contradicting} of them with a contradicting label`
}

const namedAtMost = 5

function nameShared(what: string, names: readonly string[]): string {
  const shown = names.slice(0, namedAtMost).join(', ')
  const more = names.length > namedAtMost ? `, and ${names.length - namedAtMost} more` : ''
  return names.length === 1
    ? `${what} ${shown} is in both`
    : `${names.length} ${what}s are in both (${shown}${more})`
}
