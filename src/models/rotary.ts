// Rotary positions in two dimensions: pairs of a query's or key's channels are turned by angles that follow from
// where its patch lies, so that a score depends on the way from one patch to the other. Prefix tokens stay as they are.
// Sources: Su et al. 2021 (rotary positions); Siméoni et al. 2025 (DINOv3), whose axes, base and order these are.

import { f32, ShapeError } from '../base/index.ts'
import { constant } from '../graph/index.ts'
import type { Rotation } from '../nn/index.ts'

/** The base of the periods: the longest is `base` over the range of coordinates, the shortest about 1. */
const base = 100

/**
 * The rotation for `prefix` tokens and then a grid of patches in row-major order, for heads of `channels`.
 * A patch's coordinates are those of its centre, from -1 to 1 along each side; a quarter of the pairs' channels turn
 * with its row, at `channels / 4` periods, the next with its column. Throws ShapeError for heads that 4 does not divide
 * and for sides that are not whole.
 */
export function rotaryPositions(
  prefix: number,
  [rows, columns]: readonly [number, number],
  channels: number,
): Rotation {
  const where = 'rotary positions'
  if (channels % 4 !== 0)
    throw new ShapeError({ where, expected: 'heads of 4 n channels', got: `${channels}` })
  if (!Number.isInteger(rows) || !Number.isInteger(columns))
    throw new ShapeError({ where, expected: 'a grid of patches', got: `${rows} x ${columns}` })
  const pairs = channels / 2
  const count = prefix + rows * columns
  const cos = new Float32Array(count * pairs).fill(1)
  const sin = new Float32Array(count * pairs)
  for (let patch = 0; patch < rows * columns; patch++) {
    const row = Math.floor(patch / columns)
    const place = [centre(row, rows), centre(patch - row * columns, columns)]
    for (let pair = 0; pair < pairs; pair++) {
      const axis = pair < pairs / 2 ? 0 : 1
      const step = pair - (axis * pairs) / 2
      const angle = (2 * Math.PI * place[axis]) / base ** (step / (pairs / 2))
      cos[(prefix + patch) * pairs + pair] = Math.cos(angle)
      sin[(prefix + patch) * pairs + pair] = Math.sin(angle)
    }
  }
  return { cos: constant(f32([count, pairs], cos)), sin: constant(f32([count, pairs], sin)) }
}

function centre(i: number, count: number): number {
  return (2 * (i + 0.5)) / count - 1
}
