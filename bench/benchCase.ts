// What a benchmark is: a name and a stream of measurements, Eosin's and its peer's from the same run.

/** One measurement: `per_s` units of work a second at the median of the repeats. */
export interface BenchLine {
  readonly case: string
  /** Whose measurement: `eosin`, or the peer and its version. */
  readonly peer: string
  readonly threads: number
  readonly median_s: number
  readonly best_s: number
  readonly unit: string
  readonly per_s: number
  readonly peak_rss_mb?: number
  /** Eosin's rate over the best peer's; on Eosin's best line only. */
  readonly ratio?: number
  /** The share of the matrix product's rate (`gemm`) that is reached. */
  readonly share?: number
  /** Lines that a user writes, without comments and blank lines. */
  readonly code_lines?: number
  /** What else there is to know of the measurement, in words. */
  readonly note?: string
  /** What other work kept the machine busy with at the start: processes that wanted a core, over the last minute. */
  readonly load?: number
}

/** How much is measured. */
export interface BenchOptions {
  readonly repeats: number
  readonly quick: boolean
  /** Heads that study-heads trains. */
  readonly heads?: number
  /** Patches of study-grid and challenge-twin. */
  readonly patches?: number
  /** Where networks run: a provider's name; `cpu` where it is left out. */
  readonly device?: string
}

/** A benchmark case. `quick` asks for a shorter run whose figures only show that it works. */
export interface BenchCase {
  readonly name: string
  readonly about: string
  /** Whether its networks run where `device` says. */
  readonly takesDevice?: true
  run(options: BenchOptions): AsyncIterable<BenchLine>
}
