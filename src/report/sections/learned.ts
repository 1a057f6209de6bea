// What each learned stain does, center by center: patches as they were read, and under them the same patches after every
// generator. The target comes first, as what the others should look like.

import { compareNames } from '../../base/index.ts'
import {
  type LearnedStain,
  type ReportData,
  SPLIT_WORDS,
  SPLITS,
  type Split,
  type StainedSample,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatList } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import { describePatch, renderPicture, renderStain, verdictOf } from '../parts.ts'

/** The patches of one center of one split. */
interface Block {
  readonly split: Split
  readonly center: string | null
  /** What trainings call the center. */
  readonly name: string
  readonly samples: readonly StainedSample[]
  /** Stains that make other centers look like this one. */
  readonly targetOf: readonly LearnedStain[]
}

/** A picture of a block a center; null where no stain was learned, or the run is older than its pictures. */
export function renderLearned(data: ReportData): Section | null {
  const blocks = openBlocks(data)
  if (blocks.length === 0) return null
  const targets = blocks.filter(({ targetOf }) => targetOf.length > 0).length
  const columns = Math.max(...blocks.map(({ samples }) => samples.length))
  return {
    id: 'learned',
    title: 'Learned stains: center by center',
    navTitle: 'Learned stains',
    badge: renderOrigin(data.manifest.origin),
    body: html`<p>Patches as they were read, and under them the same patches after each learned stain.${targets > 0 && ` The target${targets > 1 ? 's come' : ' comes'} first: what the others should look like.`}
A frame means: through another center's generator (fallback), or left as it is (passthrough, rejected); the reason stands with the stain's name.</p>
<div class="learned" style="--columns:${columns}">${blocks.map((block) => renderBlock(data, block))}</div>`,
  }
}

function openBlocks({ gallery, learned, images }: ReportData): Block[] {
  const byPlace = new Map<string, StainedSample[]>()
  for (const sample of gallery?.learned ?? []) {
    const place = JSON.stringify([sample.original.split, sample.original.center])
    if (!byPlace.get(place)?.push(sample)) byPlace.set(place, [sample])
  }
  const hasPictures = ({ original, methods }: StainedSample) =>
    [original, ...methods].every(({ file }) => images.has(file))
  const blocks = [...byPlace.values()].map((samples): Block => {
    const { split, center } = samples[0].original
    const name = center ?? split
    const shown = samples.filter(hasPictures)
    const targetOf = learned.filter(({ target }) => target === name)
    return { split, center, name, samples: shown.length > 0 ? shown : samples, targetOf }
  })
  return blocks.sort(
    (a, b) =>
      Number(b.targetOf.length > 0) - Number(a.targetOf.length > 0) ||
      SPLITS.indexOf(a.split) - SPLITS.indexOf(b.split) ||
      compareNames(a.name, b.name),
  )
}

function renderBlock(data: ReportData, block: Block): Html {
  const { split, center, samples } = block
  const stains = [...new Set(samples.flatMap(({ methods }) => methods.map(({ stain }) => stain)))]
  const originals = samples.map(({ original }) => renderPicture(data, original.file, describePatch(original)))
  return html`<figure class="card"><figcaption><h4><span>${center === null ? 'No center named' : `Center ${center}`} <small>${SPLIT_WORDS[split]}</small></span><span class="marks">${renderMarks(data, block)}</span></h4></figcaption>
<p>as read</p><div class="shots">${originals.map((picture) => html`<span class="shot">${picture}</span>`)}</div>
${stains.map((stain) => renderRow(data, block, stain))}</figure>`
}

// Whether it is the target, and whether generators were trained on its patches.
function renderMarks({ learned }: ReportData, { split, name, targetOf }: Block): Html[] {
  const marks: Html[] = []
  const nameStains = (stains: readonly LearnedStain[], among: readonly LearnedStain[]) =>
    stains.length < among.length ? formatList(stains.map(({ stain }) => stain)) : ''
  if (targetOf.length > 0) {
    const whose = nameStains(targetOf, learned)
    marks.push(html`<span class="pill">target${whose && ` of ${whose}`}</span>`)
  }
  const trained = learned.filter(({ seen }) => seen.length > 0)
  const blind = trained.filter(({ seen }) => !seen.includes(name))
  if (blind.length > 0) {
    const whose = nameStains(blind, trained)
    marks.push(html`<span class="pill plain">unseen in training${whose && ` by ${whose}`}</span>`)
  } else if (trained.length > 0 && split === 'test') {
    marks.push(html`<span class="pill plain">seen in training, without labels</span>`)
  }
  return marks
}

function renderRow(data: ReportData, { samples, targetOf }: Block, stain: string): Html {
  const title = renderStain(stain, colourGrid(data.metrics)(stain))
  const shots = samples.flatMap(({ original, methods }) =>
    methods.filter((method) => method.stain === stain).map((method) => ({ original, ...method })),
  )
  const isTarget = targetOf.some((learned) => learned.stain === stain)
  if (isTarget && shots.every(({ verdict }) => verdict.startsWith('passthrough'))) {
    return html`<p>${title} <small>leaves its target as it is</small></p>`
  }
  return html`<p>${title} <small>${countVerdicts(shots.map(({ verdict }) => verdict))}</small></p>
<div class="shots">${shots.map(
    ({ original, file, verdict }) =>
      html`<span class="shot${frameOf(verdict)}">${renderPicture(data, file, `${describePatch(original)}, after ${stain}: ${verdict}`)}</span>`,
  )}</div>`
}

function frameOf(verdict: string): string {
  const word = verdictOf(verdict)
  return ['fallback', 'passthrough', 'rejected'].includes(word) ? ` framed v-${word}` : ''
}

// Verdicts other than ok with their reasons, each with the number of patches that have it.
function countVerdicts(verdicts: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const verdict of verdicts) counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
  const others = [...counts].filter(([verdict]) => verdict !== 'ok')
  return others.map(([verdict, count]) => `${count}\u00a0${verdict}`).join('; ')
}
