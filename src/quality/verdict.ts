// What the quality filter says of a patch set: what was kept, and for each rejected patch the rule and its value.

/** One rejected patch: the first rule that rejected it and the value that did. */
export interface Rejection {
  readonly row: number
  readonly id: string
  readonly rule: string
  readonly value: number
}

/** `kept` rows ascending; `kept.length + rejections.length` is the patch set's count. */
export interface QualityResult {
  readonly kept: Uint32Array
  readonly rejections: readonly Rejection[]
}
