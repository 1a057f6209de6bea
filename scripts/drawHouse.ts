// Draws the house from its own imports: each room on the floor that its imports allow, a line to every room right below
// that it rests on and that no other line leads to already. `npx tsx scripts/drawHouse.ts` writes docs/pictures/house.svg;
// test/structure/house.test.ts holds that the picture is that of the code.

import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { readImports, roomOf } from '../test/structure/imports.ts'

/** Which rooms each room imports values from. */
type House = ReadonlyMap<string, ReadonlySet<string>>

function readHouse(): House {
  const house = new Map<string, Set<string>>()
  for (const { room, path, isType } of readImports()) {
    if (room === 'index') continue
    const own = house.get(room) ?? new Set<string>()
    house.set(room, own)
    if (!isType && path?.startsWith('src/') && roomOf(path) !== room) own.add(roomOf(path))
  }
  return house
}

/** Everything that a room rests on, at any depth. */
function reach(house: House, room: string): Set<string> {
  const found = new Set<string>()
  const visit = (name: string) => {
    for (const below of house.get(name) ?? []) {
      if (found.has(below)) continue
      found.add(below)
      visit(below)
    }
  }
  visit(room)
  return found
}

function findFloors(house: House): string[][] {
  const depths = new Map<string, number>()
  const depthOf = (room: string): number => {
    const known = depths.get(room)
    if (known !== undefined) return known
    const depth = Math.max(-1, ...[...house.get(room)!].map(depthOf)) + 1
    depths.set(room, depth)
    return depth
  }
  const floors: string[][] = []
  for (const room of [...house.keys()].sort()) {
    const depth = depthOf(room)
    floors[depth] = [...(floors[depth] ?? []), room]
  }
  return floors
}

// Lines that say something: not those to rooms that another line leads to as well.
function findLines(house: House): [string, string][] {
  return [...house].flatMap(([room, below]) => {
    const further = new Set([...below].flatMap((name) => [...reach(house, name)]))
    return [...below]
      .filter((name) => !further.has(name))
      .sort()
      .map((name): [string, string] => [room, name])
  })
}

// Rooms of a floor side by side so that lines cross little: each near the middle of those that it is joined to.
function arrange(floors: readonly (readonly string[])[], lines: readonly [string, string][]): string[][] {
  let arranged = floors.map((rooms) => [...rooms])
  for (let sweep = 0; sweep < 12; sweep++) {
    const places = new Map(
      arranged.flatMap((rooms) => rooms.map((room, i) => [room, (i + 0.5) / rooms.length] as const)),
    )
    const middle = (room: string) => {
      const joined = lines.flatMap(([a, b]) => (a === room ? [b] : b === room ? [a] : []))
      return joined.reduce((sum, other) => sum + places.get(other)!, 0) / joined.length
    }
    const isTurn = (floor: number) => floor % 2 === sweep % 2
    arranged = arranged.map((rooms, floor) =>
      isTurn(floor) ? rooms.toSorted((a, b) => middle(a) - middle(b) || (a < b ? -1 : 1)) : rooms,
    )
  }
  return arranged
}

// What CONTRIBUTING's tree says of each room.
function readPurposes(): Map<string, string> {
  const lines = readFileSync('CONTRIBUTING.md', 'utf8').matchAll(/^ {2}(\w+)\/ +(.*?)(?: {3,}.*)?$/gm)
  return new Map([...lines].map(([, room, purpose]) => [room, purpose]))
}

const [width, boxWidth, boxHeight, floorHeight, margin] = [1240, 132, 34, 86, 24]
const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** The picture of the house, an SVG. The same code gives the same bytes. */
export function drawHouse(): string {
  const house = readHouse()
  const purposes = readPurposes()
  const joined = findLines(house)
  const floors = arrange(findFloors(house), joined)
  const height = floors.length * floorHeight + margin
  const places = new Map<string, readonly [x: number, y: number]>()
  for (const [floor, rooms] of floors.entries()) {
    const step = width / rooms.length
    for (const [i, room] of rooms.entries())
      places.set(room, [Math.round((i + 0.5) * step), height - margin - floor * floorHeight - boxHeight])
  }
  const lines = joined.map(([from, to]) => {
    const [[x1, y1], [x2, y2]] = [places.get(from)!, places.get(to)!]
    const [top, bottom] = [y1 + boxHeight, y2]
    const bend = (bottom - top) / 2
    return `<path d="M${x1} ${top}C${x1} ${top + bend} ${x2} ${bottom - bend} ${x2} ${bottom}"/>`
  })
  const boxes = [...places].map(([room, [x, y]]) => {
    const title = `<title>${escapeXml(purposes.get(room) ?? room)}</title>`
    const box = `<rect x="${x - boxWidth / 2}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="7"/>`
    return `<g>${title}${box}<text x="${x}" y="${y + boxHeight / 2 + 5}">${room}</text></g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="The rooms of Eosin, each above those that it imports from">
<style>rect{fill:#fff;stroke:#7a3b69}text{font:15px system-ui,sans-serif;text-anchor:middle;fill:#2b2230}path{fill:none;stroke:#b79bb0;stroke-width:1.2}</style>
<rect width="${width}" height="${height}" style="fill:#faf7f9;stroke:none"/>
${lines.join('\n')}
${boxes.join('\n')}
</svg>
`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync('docs/pictures/house.svg', drawHouse())
