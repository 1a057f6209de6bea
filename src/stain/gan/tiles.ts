// Images larger than a network is run on go through it in tiles that overlap by half. InstanceNorm takes its statistics
// from each tile, so that hard borders would show as seams of colour: each pixel is a mean of the tiles it lies in,
// weighted by how far it is from their edges, and the change from one tile to the next is gradual.

/** Where tiles begin along a side of `length`: a step of half a tile, the last one flush with the end. */
export function placeTiles(length: number, tile: number): number[] {
  if (length <= tile) return [0]
  const step = Math.floor(tile / 2)
  const starts: number[] = []
  for (let start = 0; start + tile < length; start += step) starts.push(start)
  return [...starts, length - tile]
}

/** Weights along a tile's side: a tent, above 0 everywhere. */
export function tentWeights(tile: number): Float32Array {
  return Float32Array.from({ length: tile }, (_, i) => Math.min(i + 0.5, tile - i - 0.5) / (tile / 2))
}

/** An image [3,H,W] in planes. */
export interface Planes {
  readonly data: Float32Array
  readonly height: number
  readonly width: number
}

/** The part of an image that begins at (top, left); beyond its edges the image is mirrored. */
export function cutTile({ data, height, width }: Planes, top: number, left: number, sides: Sides): Planes {
  const tile = new Float32Array(3 * sides.height * sides.width)
  for (let channel = 0, to = 0; channel < 3; channel++) {
    for (let y = 0; y < sides.height; y++) {
      const line = (channel * height + mirror(top + y, height)) * width
      for (let x = 0; x < sides.width; x++) tile[to++] = data[line + mirror(left + x, width)]
    }
  }
  return { data: tile, ...sides }
}

/** Sides in pixels. */
export interface Sides {
  readonly height: number
  readonly width: number
}

function mirror(at: number, length: number): number {
  if (length === 1) return 0
  const period = 2 * (length - 1)
  const place = at % period
  return place < length ? place : period - place
}

/** Collects overlapping tiles into an image. */
export interface Blend {
  add(tile: Planes, top: number, left: number): void
  /** The weighted mean; every pixel must lie in a tile. */
  finish(): Float32Array
}

/** Opens a blend into an image of these sides. */
export function openBlend({ height, width }: Sides): Blend {
  const sums = new Float32Array(3 * height * width)
  const weights = new Float32Array(height * width)
  return {
    add(tile, top, left) {
      const [down, across] = [tentWeights(tile.height), tentWeights(tile.width)]
      for (let y = 0; y < Math.min(tile.height, height - top); y++) {
        for (let x = 0; x < Math.min(tile.width, width - left); x++) {
          const [weight, at] = [down[y] * across[x], (top + y) * width + left + x]
          weights[at] += weight
          for (let channel = 0; channel < 3; channel++) {
            const value = tile.data[(channel * tile.height + y) * tile.width + x]
            sums[channel * height * width + at] += weight * value
          }
        }
      }
    },
    finish() {
      return sums.map((sum, i) => sum / weights[i % weights.length])
    },
  }
}
