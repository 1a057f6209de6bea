// What a conformance check says of one quantity of a fixture.

/** The largest error of `quantity`; it conforms where `error` is at most `tolerance` (0: exact). */
export interface ConformanceResult {
  readonly quantity: string
  readonly error: number
  readonly tolerance: number
}
