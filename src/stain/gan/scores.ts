// What an epoch's generator is worth, told without labels and without pairs: how near translated patches come to the
// target's, in stain statistics and in texture, and whether their structure is still there.

import { type Pixels, pixelsAt } from '../../base/index.ts'
import { correlation, hematoxylinOf, lumaOf, structuralSimilarity } from '../compare.ts'
import { type Cloud, deviationsOf, frechetDistance } from './frechet.ts'
import { signPatches } from './signature.ts'

/** The scores of one epoch. */
export interface GanScores {
  /** What the loop minimises: see scoreTranslation. */
  readonly loss: number
  /** Frechet distance of stain statistics to the target's, as a share of what it is without translation. */
  readonly stain: number
  /** The same of texture embeddings; absent where they are not at hand. */
  readonly texture?: number
  /** Mean structural similarity of luma before and after, its mean and spread apart: -1 to 1. */
  readonly structure: number
  /** Mean correlation of the hematoxylin map before and after, -1 to 1. */
  readonly hematoxylin: number
  /** Share of patches whose dark parts turned light, 0 to 1. */
  readonly inverted: number
}

/** Patches of the target and of the sources that scores are taken on, with what is known of them beforehand. */
export interface Judge {
  readonly before: Pixels
  score(after: Pixels): Promise<GanScores>
}

type Embed = (batch: Pixels) => Promise<Float32Array>

const leastStructure = 0.9

/**
 * Opens a judge of translations of `before`. The loss is the mean of both distances, plus ten times what structure
 * and hematoxylin fall short of .9, plus the share of inverted patches: a translation that is near the target but has
 * lost its tissue is worth less than none.
 */
export async function openJudge(before: Pixels, target: Pixels, embed?: Embed): Promise<Judge> {
  const measureStain = compareTo(signaturesOf(target), signaturesOf(before))
  const measureTexture = embed && compareTo(await embedRows(embed, target), await embedRows(embed, before))
  return {
    before,
    async score(after) {
      const stain = measureStain(signaturesOf(after))
      const texture = measureTexture && embed ? measureTexture(await embedRows(embed, after)) : undefined
      const { structure, hematoxylin, inverted } = compareStructure(before, after)
      const distance = texture === undefined ? stain : (stain + texture) / 2
      const lost = Math.max(0, leastStructure - structure) + Math.max(0, leastStructure - hematoxylin)
      const loss = distance + 10 * lost + inverted
      return { loss, stain, ...(texture !== undefined && { texture }), structure, hematoxylin, inverted }
    },
  }
}

/** What is left of the structure of patches, in the mean. */
export function compareStructure(
  before: Pixels,
  after: Pixels,
): Pick<GanScores, 'structure' | 'hematoxylin' | 'inverted'> {
  const sums = { structure: 0, hematoxylin: 0, inverted: 0 }
  for (let i = 0; i < before.count; i++) {
    const [a, b] = [pixelsAt(before, i), pixelsAt(after, i)]
    sums.structure += structuralSimilarity(a, matchLuma(b, a))
    sums.hematoxylin += correlation(hematoxylinOf(a.data), hematoxylinOf(b.data))
    sums.inverted += Number(isInverted(a.data, b.data))
  }
  const mean = (sum: number) => sum / Math.max(1, before.count)
  return {
    structure: mean(sums.structure),
    hematoxylin: mean(sums.hematoxylin),
    inverted: mean(sums.inverted),
  }
}

/** Whether what was dark has become light: luma before and after go against each other. */
export function isInverted(before: Uint8Array, after: Uint8Array): boolean {
  return correlation(lumaOf(before), lumaOf(after)) < 0
}

// `patch` in gray, with the mean and spread of luma that `model` has: a stain may be darker or weaker as a whole.
function matchLuma(patch: Pixels, model: Pixels): Pixels {
  const [own, wanted] = [lumaOf(patch.data), lumaOf(model.data)].map((luma) => ({ luma, ...spreadOf(luma) }))
  const gain = own.deviation > 0 ? wanted.deviation / own.deviation : 1
  const data = new Uint8Array(patch.data.length)
  own.luma.forEach((value, i) => {
    const level = Math.round((value - own.mean) * gain + wanted.mean)
    data.fill(Math.min(255, Math.max(0, level)), 3 * i, 3 * i + 3)
  })
  return { ...patch, data }
}

function spreadOf(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(square / values.length) }
}

function signaturesOf(batch: Pixels): Cloud {
  return signPatches(batch).filter((signature) => signature !== null)
}

// The distance of clouds to `target` as a share of that of `before`, in units of the spread of both together: few
// patches of the target may happen to agree in one measure. Two points make a cloud; with fewer there is none.
function compareTo(target: Cloud, before: Cloud): (cloud: Cloud) => number {
  if (target.length < 2 || before.length < 2) return () => 1
  const spread = deviationsOf([...before, ...target])
  const whole = Math.max(1e-9, frechetDistance(before, target, spread))
  return (cloud) => (cloud.length < 2 ? 1 : frechetDistance(cloud, target, spread) / whole)
}

async function embedRows(embed: Embed, batch: Pixels): Promise<Cloud> {
  const values = await embed(batch)
  const width = values.length / batch.count
  return Array.from({ length: batch.count }, (_, i) => values.subarray(i * width, (i + 1) * width))
}
