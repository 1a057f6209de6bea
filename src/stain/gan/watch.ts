// What a training shows of itself: losses and scores of every epoch as JSON lines and as a TensorBoard event file, and
// a grid of fixed patches before and after. All of it follows from the history, so that a training that was stopped
// and resumed leaves the same bytes.

import { type Pixels, pixelsAt } from '../../base/index.ts'
import { encodePng, writeFileAtomic } from '../../files/index.ts'
import { type ScalarEvent, writeEvents } from '../../formats/index.ts'
import type { EpochResult } from '../../train/index.ts'

/** Writes losses.jsonl and events.out.tfevents.* into `folder`. The event file's clock counts epochs as seconds. */
export async function writeCurves(folder: string, history: readonly EpochResult[]): Promise<void> {
  const lines = history.map((result) => JSON.stringify(result))
  await writeFileAtomic(`${folder}/losses.jsonl`, `${lines.join('\n')}\n`)
  await writeFileAtomic(`${folder}/events.out.tfevents.0.eosin`, writeEvents(history.map(toEvent)))
}

function toEvent({ epoch, learningRate, training, validation }: EpochResult): ScalarEvent {
  const tagged = (prefix: string, figures: Readonly<Record<string, number>>) =>
    Object.entries(figures).map(([name, value]) => [`${prefix}/${name}`, value])
  const scalars = [...tagged('training', training), ...tagged('score', validation)]
  return { step: epoch, wallTime: epoch, scalars: { learningRate, ...Object.fromEntries(scalars) } }
}

/** Writes a grid as PNG: a row for each batch of as many patches, all of one size. */
export async function writeGrid(path: string, rows: readonly Pixels[]): Promise<void> {
  await writeFileAtomic(path, await encodePng(drawGrid(rows)))
}

const gap = 2

/** The patches of each batch beside each other, the batches below each other, on white. */
export function drawGrid(rows: readonly Pixels[]): Pixels {
  const [{ height: h, width: w }] = rows
  const columns = Math.max(...rows.map(({ count }) => count))
  const [height, width] = [rows.length * (h + gap) - gap, columns * (w + gap) - gap]
  const data = new Uint8Array(height * width * 3).fill(255)
  rows.forEach((batch, row) => {
    for (let column = 0; column < batch.count; column++) {
      const patch = pixelsAt(batch, column).data
      for (let y = 0; y < h; y++) {
        const at = ((row * (h + gap) + y) * width + column * (w + gap)) * 3
        data.set(patch.subarray(y * w * 3, (y + 1) * w * 3), at)
      }
    }
  })
  return { data, count: 1, height, width }
}
