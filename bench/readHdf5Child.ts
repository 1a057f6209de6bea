// What read-hdf5 measures of Eosin, in a process of its own so that its memory is its own.
// usage: node readHdf5Child.js FILE ROWS  where ROWS holds one group name a line. Prints one JSON line.

import { readFileSync } from 'node:fs'
import { openPatchSet, readBatches } from '../src/patches/index.ts'

const [path, rowsPath] = process.argv.slice(2)
const names = readFileSync(rowsPath, 'utf8').split('\n').filter(Boolean)

const opened = performance.now()
const set = await openPatchSet(path, { format: 'challenge' })
const index_s = (performance.now() - opened) / 1000

const places = new Map(set.ids.map((id, row) => [id, row]))
const rows = names.map((name) => places.get(name)!)
const started = performance.now()
let read = 0
for await (const { pixels } of readBatches(set, rows, 256)) read += pixels.count
const read_s = (performance.now() - started) / 1000
if (read !== names.length) throw new Error(`read ${read} of ${names.length} patches`)
const groups = set.count
await set.close()
console.log(JSON.stringify({ index_s, read_s, groups, peak_rss_mb: process.resourceUsage().maxRSS / 1024 }))
