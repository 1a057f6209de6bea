// How many copies the guard against near duplicates finds, by kind, and how many patches of other pictures it takes for one.
// Prints the tables of docs/guards.md. Pictures are cut into patches of 96 pixels; smaller ones are taken as they are.
// Usage: npx tsx scripts/nearDuplicates.ts PATCHES... (each a file or folder as `eosin patches info` takes it)

import { type Pixels, pixelsAt } from '../src/base/index.ts'
import { findNearDuplicates, hashWords } from '../src/guards/index.ts'
import { allRows, openPatchSet, readPixels } from '../src/patches/index.ts'
import { copies, cutPatch, margin } from '../test/guards/copies.ts'
import { hashSet } from '../test/guards/hashedSet.ts'

const side = 96
const enlarged = side + 2 * margin

/** A patch with what lies around it, where that is known, and the picture or slide that it is of. */
interface Piece {
  readonly patch: Pixels
  readonly around: Pixels | null
  readonly of: string
}

async function readPieces(path: string): Promise<Piece[]> {
  const set = await openPatchSet(path)
  const pieces: Piece[] = []
  let row = 0
  for await (const batch of readPixels(set, allRows(set), 16)) {
    for (let i = 0; i < batch.count; i++, row++) {
      const of = `${set.centers?.[row] ?? ''}/${set.slides?.[row] ?? set.ids[row]}`
      const picture = pixelsAt(batch, i)
      if (set.height < enlarged)
        pieces.push({ patch: { ...picture, data: picture.data.slice() }, around: null, of })
      else pieces.push(...cutPicture(picture).map((around) => ({ patch: cutPatch(around), around, of })))
    }
  }
  await set.close()
  return pieces
}

function cutPicture({ data, height, width }: Pixels): Pixels[] {
  const cut: Pixels[] = []
  for (let y = 0; y + enlarged <= height; y += side) {
    for (let x = 0; x + enlarged <= width; x += side) {
      const piece = new Uint8Array(enlarged * enlarged * 3)
      for (let i = 0; i < enlarged; i++) {
        const start = 3 * ((y + i) * width + x)
        piece.set(data.subarray(start, start + 3 * enlarged), i * enlarged * 3)
      }
      cut.push({ data: piece, count: 1, height: enlarged, width: enlarged })
    }
  }
  return cut
}

async function measureFound(pieces: readonly Piece[]): Promise<void> {
  const pictures = pieces.flatMap(({ around }) => around ?? [])
  if (pictures.length === 0) return
  const originals = await hashSet(pictures.map((picture) => cutPatch(picture)))
  const compared = pictures.filter((_, row) => originals.looks[row * hashWords] !== 0)
  const first = await hashSet(compared.map((picture) => cutPatch(picture)))
  for (const [kind, copy] of Object.entries(copies)) {
    const found = await findNearDuplicates(first, await hashSet(compared.map(copy)))
    const right = found.filter((pair) => pair.first === pair.second).length
    const others = found.length - right
    console.log(
      `| ${kind} | ${(right / compared.length).toFixed(3)} of ${compared.length}, and ${others} others |`,
    )
  }
}

// Pictures dealt in two halves: patches of one half against those of the other.
async function measureFalse(pieces: readonly Piece[]): Promise<void> {
  const names = [...new Set(pieces.map(({ of }) => of))]
  const halves = [0, 1].map((half) => pieces.filter(({ of }) => names.indexOf(of) % 2 === half))
  const [first, second] = await Promise.all(halves.map((half) => hashSet(half.map(({ patch }) => patch))))
  const fit = [first, second].map(
    ({ looks }) => looks.filter((word, i) => i % hashWords === 0 && word !== 0).length,
  )
  const found = await findNearDuplicates(first, second)
  console.log(
    `${pieces.length} patches of ${names.length} pictures or slides, ${pieces.length - fit[0] - fit[1]} too uniform`,
  )
  console.log(`${fit[0] * fit[1]} pairs of different pictures: ${found.length} taken for near duplicates`)
  for (const pair of found.slice(0, 60)) {
    console.log(
      `  ${halves[0][pair.first].of} ${halves[1][pair.second].of}, view ${pair.view}, likeness ${pair.likeness.toFixed(2)}`,
    )
  }
}

for (const path of process.argv.slice(2)) {
  console.log(path)
  const pieces = await readPieces(path)
  await measureFalse(pieces)
  await measureFound(pieces)
}
