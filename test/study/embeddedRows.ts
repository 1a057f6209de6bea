// Embedding folders made by hand, for tests that need no patches.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { f32, type NdArray, openRandom } from '../../src/base/index.ts'
import { hashBytes } from '../../src/files/index.ts'
import { writeCsv, writeNpy } from '../../src/formats/index.ts'

/** Writes a folder as `eosin embed` does: eighty rows of three dimensions, of which the first tells the label. */
export function writeEmbedded(
  folder: string,
  manifest: Readonly<Record<string, unknown>> = {},
  convert: (x: NdArray<'f32'>) => Uint8Array = writeNpy,
): void {
  const random = openRandom(3, folder)
  const labels = Array.from({ length: 80 }, (_, row) => row % 2)
  const x = f32(
    [80, 3],
    labels.flatMap((label) => [label + 0.3 * random.normal(), random.normal(), 1]),
  )
  const table = writeCsv({
    id: labels.map((_, row) => row),
    center: labels.map(() => 0),
    slide: labels.map((_, row) => row % 5),
    label: labels,
  })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'embeddings.npy'), convert(x))
  writeFileSync(join(folder, 'patches.csv'), table)
  const known = {
    source: `${folder}.h5`,
    fingerprint: hashBytes(folder),
    stain: 'none',
    fit: {},
    fallback: 'slide',
    extractor: 'texture',
    extractorKey: 'a'.repeat(64),
    table: hashBytes(table),
  }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...known, ...manifest }))
}
