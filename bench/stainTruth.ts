// How far fitted stain vectors are from the true ones of synthetic patches: the table of docs/stain.md.
// Run: npx tsx bench/stainTruth.ts [patches per group]. No timing: the figures are the same on every machine.

import { openRandom } from '../src/base/index.ts'
import { angleBetween, type StainMatrix, type StainName, stainMethods } from '../src/stain/index.ts'
import { type CenterName, drawSlide } from '../src/synthetic/centers.ts'
import { scanSection } from '../src/synthetic/scanner.ts'
import { composeTissue } from '../src/synthetic/tissue.ts'

const side = 96
const centers: readonly CenterName[] = ['0', '1', '2', '3', '4']
const shares = [1, 0.25, 0.05]
const strengths = [1, 0.4]

interface TruePatch {
  readonly data: Uint8Array
  readonly stains: StainMatrix
  readonly group: string
}

/** A patch of which only a disc of `share` of the area is tissue, stained `strength` times as strong as usual. */
function renderPatch(center: CenterName, index: number, share: number, strength: number): TruePatch {
  const slide = drawSlide(7, center, index % 10)
  const random = openRandom(7, 'stain truth', center, index, share, strength)
  const tissue = composeTissue(random, side, index % 2 ? 'center' : 'none', 0.5)
  const [x0, y0] = [20 + random.uniform() * 56, 20 + random.uniform() * 56]
  for (let i = 0; i < side * side; i++) {
    const distance = ((i % side) - x0) ** 2 + (Math.floor(i / side) - y0) ** 2
    const kept = share === 1 || distance <= (share * side * side) / Math.PI ? strength : 0
    tissue.hematoxylin[i] *= slide.strength[0] * kept
    tissue.eosin[i] *= slide.strength[1] * kept
  }
  return {
    data: scanSection(tissue.hematoxylin, tissue.eosin, side, slide, random),
    stains: [slide.hematoxylin, slide.eosin],
    group: `${share * 100} %${strength < 1 ? ' weak' : ''}`,
  }
}

async function measure(name: StainName, options: object, patches: readonly TruePatch[]): Promise<string[]> {
  const method = stainMethods[name]
  const angles = new Map<string, number[]>([['all', []]])
  let failed = 0
  for (const { data, stains, group } of patches) {
    const patch = { data, count: 1, height: side, width: side }
    async function* reference() {
      yield patch
    }
    try {
      const fit = await method.fit(reference(), { ...method.defaults, ...options } as never)
      const found = (fit as unknown as { readonly stains: StainMatrix }).stains
      const both = [angleBetween(found[0], stains[0]), angleBetween(found[1], stains[1])]
      angles.get('all')!.push(...both)
      angles.set(group, [...(angles.get(group) ?? []), ...both])
    } catch {
      failed++
    }
  }
  const groups = [...new Set(patches.map(({ group }) => group)), 'all']
  return [...groups.map((group) => median(angles.get(group) ?? []).toFixed(1)), `${failed}`]
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]
}

const methods: readonly (readonly [string, StainName, object])[] = [
  ['macenko, torchstain mode (io 255)', 'macenko', { compatibility: 'torchstain' }],
  ['macenko, StainTools mode', 'macenko', { compatibility: 'staintools' }],
  ['vahadane, StainTools mode', 'vahadane', { compatibility: 'staintools' }],
  ['vahadane', 'vahadane', {}],
  ['ruifrok', 'ruifrok', {}],
  ['**macenko (default)**', 'macenko', {}],
]
const perGroup = Number(process.argv[2] ?? 40)
const patches = shares.flatMap((share) =>
  strengths.flatMap((strength) =>
    centers.flatMap((center) =>
      Array.from({ length: perGroup }, (_, i) => renderPatch(center, i, share, strength)),
    ),
  ),
)
const groups = [...new Set(patches.map(({ group }) => group))]
console.log(`| method | ${groups.join(' | ')} | all | not fitted |\n|---|${'---|'.repeat(groups.length + 2)}`)
for (const [label, name, options] of methods) {
  console.log(`| ${label} | ${(await measure(name, options, patches)).join(' | ')} |`)
}
