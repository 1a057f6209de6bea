// What every reader yields: patches known by id, center, slide and label, read in any order.

import { DataError, type Pixels } from '../base/index.ts'

/** How real the pixels are. Shown wherever a number that rests on them is shown. */
export type Origin = 'real' | 'semi-synthetic' | 'synthetic' | 'unknown'

/** A set of patches of one size. Metadata is in memory; pixels are read when asked for. */
export interface PatchSet {
  /** The reader's name, e.g. `challenge`. */
  readonly format: string
  /** Where it was read from: a path as the user gave it. */
  readonly source: string
  readonly origin: Origin
  readonly licence: string | null
  /** The published data set that its patches are of, where the data, its format or the caller says so. */
  readonly dataset?: string | null
  /** How pixels lie on disk, in a few words, e.g. `contiguous float32 CHW`. */
  readonly storage: string
  readonly count: number
  readonly height: number
  readonly width: number
  /** One id a patch, as submissions need it (the group's name, the file's stem). Row order carries no meaning. */
  readonly ids: readonly string[]
  /** Center of each patch by name (`'0'` ... `'4'`), or null where the data does not say. */
  readonly centers: readonly string[] | null
  readonly slides: readonly string[] | null
  /** Whose tissue each patch is, where the data says so; `?` where it does not say it of this patch. */
  readonly patients: readonly string[] | null
  /** 1 tumour, 0 normal, or null where the data does not say. */
  readonly labels: Uint8Array | null
  /** Its rows stand in the order of their names, as folders list them: the data has no order of its own. */
  readonly isListed?: true
  /** Reads patches by row, in the order asked. Throws DataError naming the patch that cannot be read. */
  read(rows: ArrayLike<number>): Promise<Pixels>
  /** A sha256 (hex) over the content: the same content gives the same fingerprint wherever it lies. */
  fingerprint(): Promise<string>
  /** Every file that `fingerprint` reads: while none changes, it need not be taken again. Empty where it reads none. */
  readonly files: readonly string[]
  close(): Promise<void>
}

/** The rows of `set` in `rows`, as a patch set of their own. Closing it closes `set`. */
export function selectPatches(set: PatchSet, rows: ArrayLike<number>): PatchSet {
  const chosen = Uint32Array.from(rows)
  for (const row of chosen) {
    if (row >= set.count) {
      throw new DataError({ where: set.source, expected: `rows below ${set.count}`, got: `${row}` })
    }
  }
  const pick = <T>(values: readonly T[]) => Array.from(chosen, (row) => values[row])
  return {
    ...set,
    count: chosen.length,
    ids: pick(set.ids),
    centers: set.centers && pick(set.centers),
    slides: set.slides && pick(set.slides),
    patients: set.patients && pick(set.patients),
    labels: set.labels && Uint8Array.from(chosen, (row) => set.labels![row]),
    read: (wanted) => set.read(Uint32Array.from(wanted, (row) => chosen[row])),
    fingerprint: () => set.fingerprint(),
    close: () => set.close(),
  }
}
