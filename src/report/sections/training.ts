// How learned stains were trained: from which centers, how well by their label-free scores, and what their networks are
// made of.

import { transductiveNote } from '../../base/index.ts'
import type { LearnedStain, ReportData } from '../data.ts'
import { type Html, html, markFigure, type Part } from '../html.ts'
import { formatList } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import { renderStain, renderTable } from '../parts.ts'
import { renderTrainingCurves } from './trainingCurves.ts'

type Layer = LearnedStain['architecture']['generator'][number]

/** A table of trainings, their curves, and a drawing of each form of network; null where nothing was trained. */
export async function renderTraining(data: ReportData): Promise<Section | null> {
  const { learned, manifest } = data
  if (learned.length === 0) return null
  return {
    id: 'training',
    title: 'Learned stains: training',
    navTitle: 'Training',
    badge: renderOrigin(manifest.origin),
    body: html`${learned.map(renderSeen)}${renderModels(data)}${await renderTrainingCurves(data)}${learned.map(renderDrawing)}`,
  }
}

function renderSeen({ stain, target, seen, transductive }: LearnedStain): Html {
  const centers =
    seen.length > 0 ? `Saw patches of ${formatList(seen)}, without labels.` : 'Read from checkpoints.'
  const warning = html` <b>${transductiveNote}</b>`
  return html`<p><b>${stain}</b> makes the colours of ${target}. ${centers}${transductive && warning}</p>`
}

function renderModels(data: ReportData): Html {
  const colour = colourGrid(data.metrics)
  const show = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(3))
  const rows = data.learned.flatMap(({ stain, models, disagreement }) =>
    models.map((model) => ({ stain, disagreement, ...model })),
  )
  const isDistilled = rows.some(({ disagreement }) => disagreement)
  return renderTable(
    'Trainings of learned stains',
    html`<table><caption><span>Scores of the epoch that was kept. Distances are Frechet distances of translated patches to the target's,
as a share of what they are untouched: 0 is alike, 1 no nearer than before. Structure and hematoxylin kept: 1 is all.${isDistilled && mapWords}</span></caption>
<thead><tr><th scope="col" class="pin">stain</th><th scope="col">source</th><th scope="col">epoch kept</th><th scope="col">stain distance</th><th scope="col">texture distance</th><th scope="col">structure kept</th><th scope="col">hematoxylin kept</th>${isDistilled && html`<th scope="col">colour map off by</th>`}<th scope="col">ending</th></tr></thead>
<tbody>${rows.map(
      ({ stain, disagreement, source, epochs, bestEpoch, ending, from, scores }) =>
        html`<tr><th scope="row" class="pin">${renderStain(stain, colour(stain))}</th><td>${source}</td><td>${epochs === null ? `from ${from}` : `${bestEpoch} of ${epochs}`}</td><td>${show(scores?.stain)}</td><td>${show(scores?.texture)}</td><td>${show(scores?.structure)}</td><td>${show(scores?.hematoxylin)}</td>${isDistilled && html`<td>${describeMap(source, disagreement)}</td>`}<td>${ending ?? '–'}</td></tr>`,
    )}</tbody></table>`,
  )
}

const mapWords = ` Where a colour map was distilled from a generator and runs in its place, it is off by so many levels (of 255): the mean
absolute difference of the two on patches that the map was not fitted to.`

// Of a generator for one center that center's figure, of one for all a line a center.
function describeMap(source: string, disagreement: LearnedStain['disagreement']): Part {
  if (!disagreement) return '–'
  if (Object.hasOwn(disagreement, source)) return disagreement[source].toFixed(1)
  return Object.entries(disagreement).map(
    ([center, levels]) => html`<span style="display:block">${center}: ${levels.toFixed(1)}</span>`,
  )
}

function renderDrawing({ stain, side, architecture }: LearnedStain): Html {
  const { generator, discriminator } = architecture
  return html`<figure class="architecture"><figcaption><b>${stain}</b>: every convolution of its generator, then of its discriminator, on images of ${side} pixels. Height: side of the result. Width: channels. Filled: transposed. Arc: added to or joined with an earlier result.</figcaption>
${drawLayers(stain, 'generator', generator, side)}${drawLayers(stain, 'discriminator', discriminator, side)}</figure>`
}

const [gap, top, tallest] = [10, 30, 110]

function drawLayers(stain: string, name: string, layers: readonly Layer[], side: number): Html {
  const widthOf = ({ outputs }: Layer) => 8 + 3.5 * Math.log2(Math.max(1, outputs))
  const heightOf = (layer: Layer) => Math.max(6, (tallest * layer.side) / side)
  let at = 0
  const boxes = layers.map((layer) => {
    const x = at
    at += widthOf(layer) + gap
    const height = heightOf(layer)
    return { layer, x, y: top + (tallest - height) / 2, width: widthOf(layer), height }
  })
  const bottom = top + tallest
  const drawing = html`<svg viewBox="-2 0 ${(at + 4).toFixed(0)} ${bottom + 44}" role="img" aria-label="${name}" style="width:100%;min-width:${at.toFixed(0)}px;max-width:${(1.6 * at).toFixed(0)}px">
<text x="0" y="10" font-size="10" fill="currentColor">${name}</text>
${boxes.map(({ layer, x, y, width, height }, i) => {
  const arc = layer.joins === null ? null : drawArc(boxes[layer.joins], boxes[i])
  return html`<g><title>${layer.name}: ${layer.kernel} x ${layer.kernel}, ${layer.inputs} to ${layer.outputs} channels, ${layer.side} px</title>
<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" rx="2" stroke="currentColor" fill="currentColor" fill-opacity="${layer.kind === 'transposed' ? 0.45 : 0.1}"></rect>
${arc}
<text x="${(x + width / 2).toFixed(1)}" y="${bottom + 14}" font-size="8" text-anchor="middle" fill="currentColor">${layer.outputs}</text>
<text x="${(x + width / 2).toFixed(1)}" y="${bottom + 26}" font-size="7" text-anchor="middle" fill="currentColor" opacity=".7">${layer.kernel}x${layer.kernel}</text>
<text x="${(x + width / 2).toFixed(1)}" y="${bottom + 37}" font-size="7" text-anchor="middle" fill="currentColor" opacity=".7">${layer.side}</text></g>`
})}</svg>`
  return markFigure(drawing, { name: `${stain} ${name}`, data: JSON.stringify(layers, null, 1) })
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
}

// From the middle of an earlier box over what lies between.
function drawArc(from: Box, to: Box): Html {
  const [start, end] = [from, to].map(({ x, width }) => x + width / 2)
  const peak = Math.min(from.y, to.y) - Math.min(14, 6 + (end - start) / 8)
  const path = `M${start.toFixed(1)} ${from.y.toFixed(1)} C ${start.toFixed(1)} ${peak.toFixed(1)} ${end.toFixed(1)} ${peak.toFixed(1)} ${end.toFixed(1)} ${to.y.toFixed(1)}`
  return html`<path d="${path}" fill="none" stroke="currentColor" stroke-opacity=".6"></path>`
}
