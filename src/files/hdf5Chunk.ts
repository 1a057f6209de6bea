// The index of a dataset's chunks as its layout message names it, and one chunk as an index lists it.

/** How an index is built. */
export type IndexType = 'tree' | 'single' | 'implicit' | 'fixedArray' | 'extensibleArray' | 'newTree'

/** The index of a dataset's chunks, and what it takes to read it. */
export interface ChunkIndex {
  readonly type: IndexType
  /** undefined where no chunk was ever written. */
  readonly address: number | undefined
  readonly shape: readonly number[]
  /** How far each dimension may grow; undefined without end. */
  readonly maxShape: readonly (number | undefined)[]
  readonly chunks: readonly number[]
  /** Bytes of a chunk as it comes out of the filters. */
  readonly chunkBytes: number
  readonly isFiltered: boolean
  /** For `single`: its chunk's bytes in the file and the filters not applied. */
  readonly single?: { readonly bytes: number; readonly skippedFilters: number }
}

/** One chunk as it lies in the file. */
export interface Chunk {
  readonly address: number
  readonly bytes: number
  /** Bit i is set where filter i was not applied. */
  readonly skippedFilters: number
}

/** Takes a chunk and its place, counted in chunks along each dimension. */
export type Add = (place: readonly number[], chunk: Chunk) => void
