// How near embeddings of lower precision are to those of single precision: the cosine between the two, patch by patch.

/** Cosines between embeddings of the same patches at two precisions. */
export interface Agreement {
  /** How many patches were compared. */
  readonly patches: number
  readonly mean: number
  readonly min: number
}

/** Compares rows of `dimensions` values; an embedding that is zero agrees with none but zero. */
export function compareRows(rows: Float32Array, exact: Float32Array, dimensions: number): Agreement {
  const patches = exact.length / dimensions
  let sum = 0
  let min = 1
  for (let start = 0; start < exact.length; start += dimensions) {
    const cosine = measureCosine(rows, exact, start, start + dimensions)
    sum += cosine
    min = Math.min(min, cosine)
  }
  return { patches, mean: sum / patches, min }
}

/** An agreement in words; figures are rounded down, so that 1 means 1. */
export function describeAgreement({ patches, mean, min }: Agreement): string {
  const [average, least] = [mean, min].map((cosine) => (Math.floor(cosine * 1e5) / 1e5).toFixed(5))
  return `cosine to fp32 on ${patches} of these patches: mean ${average}, least ${least}`
}

function measureCosine(a: Float32Array, b: Float32Array, start: number, end: number): number {
  let [product, squaresA, squaresB] = [0, 0, 0]
  for (let i = start; i < end; i++) {
    product += a[i] * b[i]
    squaresA += a[i] * a[i]
    squaresB += b[i] * b[i]
  }
  if (squaresA === 0 && squaresB === 0) return 1
  return squaresA === 0 || squaresB === 0 ? 0 : product / Math.sqrt(squaresA * squaresB)
}
