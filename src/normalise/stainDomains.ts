// What a learned stain method is trained on: centers as domains of patches. Labels are not among what is handed on,
// and neither ids nor the order of rows nor where a patch lies decides anything.

import { compareNames, openRandom, type Pixels, pixels, RecipeError } from '../base/index.ts'
import type { PatchSet } from '../patches/index.ts'
import type { StainDomain, StainDomains } from '../stain/index.ts'

/**
 * Some patches of a set, `rows` in the order that their content gives; `name` stands for the center of those that do not
 * say theirs.
 */
export interface Selection {
  readonly name: string
  readonly set: PatchSet
  readonly rows: Uint32Array
}

/** Which patches the target's are: those of a center, or these; of the center with the most patches by default. */
export interface TargetChoice {
  readonly from: Selection
  readonly center?: string
  readonly ids?: readonly string[]
}

interface Member {
  readonly set: PatchSet
  readonly row: number
}

/**
 * The target, and every other center of `sources`, at most `limit` patches of each (a seeded sample). Throws RecipeError
 * where a center or id is not there.
 */
export function openDomains(
  sources: readonly Selection[],
  choice: TargetChoice,
  { limit, seed }: { readonly limit: number | null; readonly seed: number },
): StainDomains {
  const open = (name: string, members: readonly Member[]) =>
    openDomain(name, sample(name, members, limit, seed))
  const target = findTarget(choice)
  const others = [...groupByCenter(sources)].filter(([name]) => name !== target.name)
  return {
    target: open(target.name, target.members),
    sources: others.map(([name, members]) => open(name, members)),
  }
}

function findTarget({ from, center, ids }: TargetChoice): { name: string; members: readonly Member[] } {
  const centers = groupByCenter([from])
  if (ids) {
    const members = [...centers.values()].flat().filter(({ set, row }) => ids.includes(set.ids[row]))
    const missing = ids.find((id) => !members.some(({ set, row }) => set.ids[row] === id))
    if (missing !== undefined) throw unknown('an id', from, missing)
    const names = new Set(members.map(({ set, row }) => set.centers?.[row] ?? from.name))
    return { name: names.size === 1 ? [...names][0] : 'reference', members }
  }
  const largest = [...centers].reduce((best, other) => (other[1].length > best[1].length ? other : best))
  const name = center ?? largest[0]
  const members = centers.get(name)
  if (!members) throw unknown(`a center (${[...centers.keys()].join(', ')})`, from, name)
  return { name, members }
}

function unknown(what: string, { set }: Selection, got: string): RecipeError {
  return new RecipeError({ where: 'stain target', expected: `${what} of ${set.source}`, got })
}

// Centers by name, their patches in the order they are given in.
function groupByCenter(selections: readonly Selection[]): Map<string, Member[]> {
  const centers = new Map<string, Member[]>()
  for (const { name, set, rows } of selections) {
    for (const row of rows) {
      const center = set.centers?.[row] ?? name
      const members = centers.get(center) ?? []
      centers.set(center, members)
      members.push({ set, row })
    }
  }
  return new Map([...centers].sort(([a], [b]) => compareNames(a, b)))
}

function sample(
  name: string,
  members: readonly Member[],
  limit: number | null,
  seed: number,
): readonly Member[] {
  if (limit === null || limit >= members.length) return members
  const order = openRandom(seed, 'stain domain', name).permutation(members.length)
  return Array.from(order.subarray(0, limit).sort(), (i) => members[i])
}

function openDomain(name: string, members: readonly Member[]): StainDomain {
  const [
    {
      set: { height, width },
    },
  ] = members
  return {
    name,
    count: members.length,
    height,
    width,
    read: (rows) => readMembers(Array.from(rows, (row) => members[row])),
  }
}

async function readMembers(members: readonly Member[]): Promise<Pixels> {
  const [
    {
      set: { height, width },
    },
  ] = members
  const size = height * width * 3
  const data = new Uint8Array(members.length * size)
  for (const set of new Set(members.map((member) => member.set))) {
    const places = members.flatMap((member, place) => (member.set === set ? [place] : []))
    const read = await set.read(places.map((place) => members[place].row))
    places.forEach((place, i) => {
      data.set(read.data.subarray(i * size, (i + 1) * size), place * size)
    })
  }
  return pixels(data, members.length, height, width)
}
