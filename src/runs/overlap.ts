// What two splits of a study have in common, in words: the command line and the report say the same.

import type { Overlap } from './record.ts'

/** A sentence on an overlap, e.g. `train and val: 3 of the 120 patches of val (2.5 %) are in train as well.` */
export function describeOverlap({ splits: [a, b], patches, slides, centers }: Overlap): string {
  const { count, of, contradicting = 0 } = patches
  const share = ((100 * count) / of).toFixed(count * 1000 < of ? 3 : 1)
  const parts = [
    ...(count > 0
      ? [
          `${count} of the ${of} patches of ${b} (${share} %) are in ${a} as well${nameContradicting(contradicting, count)}`,
        ]
      : []),
    ...(slides.length > 0 ? [nameShared('slide', slides)] : []),
    ...(centers.length > 0 ? [nameShared('center', centers)] : []),
  ]
  return `${a} and ${b}: ${parts.join('; ')}.`
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
