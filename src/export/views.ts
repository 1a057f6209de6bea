// The views of a patch as graph ops: its flips and quarter turns side by side, each embedded, and the mean of the embeddings.

import { ndarray } from '../base/index.ts'
import {
  addAxes,
  cast,
  concat,
  constant,
  gather,
  reduceMean,
  reshape,
  slice,
  transpose,
  type Value,
} from '../graph/index.ts'

/** What is made of bytes [batch, 3, side, side]: images for a network, and embeddings [batch, dimensions] of these. */
export interface ViewedParts {
  transform(bytes: Value): Value
  embed(images: Value): Value
}

/**
 * The mean over `views` symmetries of the square of what is made of bytes [batch, 3, side, side]: [batch, dimensions]. Where
 * the batch is open one run embeds all views; where it is a number, one view is embedded after the other.
 */
export function writeViews(bytes: Value, views: number, { transform, embed }: ViewedParts): Value {
  const [batch, ...sides] = bytes.shape
  const flips = Array.from({ length: views }, (_, view) => flip(bytes, view))
  const images = transform(reshape(stack(flips), [-1, ...sides]))
  const rows =
    typeof batch === 'number' ? embedInTurn(images, batch, views, embed) : splitRows(embed(images), views)
  return cast(reduceMean(cast(rows, 'f64'), { axes: [1] }), 'f32')
}

// Images [batch x views, ...] as embeddings [batch, views, dimensions], by a network that takes `batch` images.
function embedInTurn(images: Value, batch: number, views: number, embed: ViewedParts['embed']): Value {
  const byPatch = reshape(images, [batch, views, ...images.shape.slice(1)])
  const viewOf = (view: number) =>
    reshape(slice(byPatch, 1, view, view + 1), [batch, ...images.shape.slice(1)])
  return stack(Array.from({ length: views }, (_, view) => embed(viewOf(view))))
}

const splitRows = (rows: Value, views: number) => reshape(rows, [-1, views, rows.shape[1]])

const stack = (parts: readonly Value[]) =>
  concat(
    parts.map((part) => addAxes(part, [1])),
    1,
  )

// As `flipPatches` does it.
function flip(bytes: Value, symmetry: number): Value {
  const mirrored = symmetry & 1 ? reverse(bytes, 3) : bytes
  const turned = symmetry & 2 ? reverse(mirrored, 2) : mirrored
  return symmetry & 4 ? transpose(turned, [0, 1, 3, 2]) : turned
}

function reverse(x: Value, axis: number): Value {
  const side = x.shape[axis] as number
  const places = BigInt64Array.from({ length: side }, (_, i) => BigInt(side - 1 - i))
  return gather(x, constant(ndarray('i64', [side], places)), axis)
}
