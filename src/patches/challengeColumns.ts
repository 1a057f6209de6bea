// What a challenge file says of each patch beside its pixels: its label, and its center and slide, the first numbers of
// its metadata. A number that names no center is a fault of that patch, not a center of its own.

/** What a part of a patch holds, or what keeps it from being read; neither where it is missing. */
export interface Attempt<T> {
  readonly value?: T
  readonly problem?: string
}

/** By patch; each column is null where no patch has it. */
export interface ChallengeColumns {
  readonly labels: Uint8Array | null
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  /** The first thing wrong with each patch. */
  readonly problems: readonly (string | undefined)[]
}

type Rows = readonly Attempt<readonly number[]>[]

/** Reads the columns from each patch's `label` and `metadata`. A slide that is missing where others have one is `?`. */
export function readColumns(labels: Rows, metadata: Rows): ChallengeColumns {
  const problems: (string | undefined)[] = labels.map(({ value, problem }, row) => {
    if (problem) return `label: ${problem}`
    if (value && value.length !== 1) return `${value.length} labels, not one`
    return metadata[row].problem && `metadata: ${metadata[row].problem}`
  })
  const readColumn = (rows: Rows, at: number, what: string, isRight: (value: number) => boolean) => {
    if (!rows.some(({ value }) => value && value.length > at)) return null
    return rows.map(({ value }, row) => {
      const found = value?.[at]
      if (found !== undefined && isRight(found)) return found
      const got =
        found === undefined ? `no ${what} where others have one` : `${what} ${found}, not ${expected[what]}`
      if (found !== undefined || what !== 'slide') problems[row] ??= got
      return Number.NaN
    })
  }
  const nameOf = (value: number) => (Number.isNaN(value) ? '?' : String(value))
  const found = readColumn(labels, 0, 'label', (value) => value === 0 || value === 1)
  return {
    labels: found && Uint8Array.from(found),
    centers: readColumn(metadata, 0, 'center', isName)?.map(nameOf) ?? null,
    slides: readColumn(metadata, 1, 'slide', isName)?.map(nameOf) ?? null,
    problems,
  }
}

const expected: Readonly<Record<string, string>> = {
  label: '0 or 1',
  center: 'a whole number',
  slide: 'a whole number',
}

function isName(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
