// The k largest of many numbers, found in one pass.

/** The k largest similarities of a row, falling, and where they are; of equals the first ones. */
export interface Neighbours {
  readonly rows: Uint32Array
  readonly similarities: Float64Array
}

/** Opens a finder that reuses its memory: a result is valid until the next `find`. */
export function openNeighbours(k: number): { find(similarities: Float32Array): Neighbours } {
  const rows = new Uint32Array(k)
  const found = new Float64Array(k)
  return {
    find(similarities) {
      found.fill(Number.NEGATIVE_INFINITY)
      let worst = Number.NEGATIVE_INFINITY
      for (let row = 0; row < similarities.length; row++) {
        const similarity = similarities[row]
        if (!(similarity > worst)) continue // nearly always: the k best so far are rarely beaten
        let place = k - 1
        for (; place > 0 && found[place - 1] < similarity; place--) {
          found[place] = found[place - 1]
          rows[place] = rows[place - 1]
        }
        found[place] = similarity
        rows[place] = row
        worst = found[k - 1]
      }
      return { rows, similarities: found }
    },
  }
}
