// A contact sheet of synthetic patches: a row a center, normal left, tumour right.
// Usage: npm run build && node scripts/syntheticSheet.mjs sheet.png [patches a label] [seed]

import { writeFile } from 'node:fs/promises'
import { pixels } from '../dist/base/index.js'
import { encodePng } from '../dist/files/index.js'
import { describeSyntheticPatch, renderSyntheticPatch, syntheticDefaults } from '../dist/synthetic/index.js'

const [path = 'sheet.png', columns = '5', seed = '0'] = process.argv.slice(2)
const options = { ...syntheticDefaults, seed: Number(seed), aberrantShare: 0 }
const { size } = options
const gap = 4
const each = Number(columns)
const height = 5 * (size + gap) - gap
const width = 2 * each * (size + gap) + gap
const sheet = new Uint8Array(height * width * 3).fill(255)

for (let center = 0; center < 5; center++) {
  const split = { 1: 'val', 2: 'test' }[center] ?? 'train'
  const found = [0, 0]
  for (let index = 0; Math.min(...found) < each; index++) {
    const row = describeSyntheticPatch(options, split, index)
    if (row.center !== `${center}` || found[row.label] >= each) continue
    const column = row.label * each + found[row.label]++
    const left = column * (size + gap) + (row.label === 1 ? 2 * gap : 0)
    const patch = renderSyntheticPatch(options, split, index).pixels
    for (let y = 0; y < size; y++) {
      const line = patch.subarray(3 * y * size, 3 * (y + 1) * size)
      sheet.set(line, 3 * ((center * (size + gap) + y) * width + left))
    }
  }
}
const image = pixels(sheet, 1, height, width)
await writeFile(path, await encodePng(image))
