// The k largest of many numbers, found in one pass.

/** The k largest dot products of a row, falling, and where they are; of equals the first ones. */
export interface Neighbours {
  readonly rows: Uint32Array
  readonly products: Float64Array
}

/** Opens a finder that reuses its memory: a result is valid until the next `find`, in at least k products. */
export function openNeighbours(k: number): { find(products: Float32Array): Neighbours } {
  const rows = new Uint32Array(k)
  const best = new Float64Array(k)
  return {
    find(products) {
      best.fill(Number.NEGATIVE_INFINITY)
      let worst = Number.NEGATIVE_INFINITY
      for (let row = 0; row < products.length; row++) {
        const product = products[row]
        if (!(product > worst)) continue // nearly always: the k best so far are rarely beaten
        let place = k - 1
        for (; place > 0 && best[place - 1] < product; place--) {
          best[place] = best[place - 1]
          rows[place] = rows[place - 1]
        }
        best[place] = product
        rows[place] = row
        worst = best[k - 1]
      }
      return { rows, products: best }
    },
  }
}
