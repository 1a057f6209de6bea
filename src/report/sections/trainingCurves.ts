// Scores by epoch of every generator that was trained: how near it came to the target, and what it kept.

import { type Chart, renderCharts } from '../charts.ts'
import type { LearnedStain, ReportData } from '../data.ts'
import { type Html, html } from '../html.ts'
import { roundDrawn } from '../numbers.ts'
import { colourGrid } from '../palette.ts'
import { renderLegend } from '../parts.ts'

interface Point {
  /** The generator: its stain and source. */
  readonly generator: string
  readonly stain: string
  readonly source: string
  readonly epoch: number
  readonly score: number
  readonly isKept: boolean
  readonly isLast: boolean
}

const scores = [
  { name: 'stain', title: 'Stain distance', axis: 'share of untouched', scale: 'log' },
  { name: 'texture', title: 'Texture distance', axis: 'share of untouched', scale: 'log' },
  { name: 'structure', title: 'Structure kept', axis: 'similarity of luma', scale: 'linear' },
] as const

/** A chart a score; nothing where all generators are from checkpoints, or the run is older than its curves. */
export async function renderTrainingCurves(data: ReportData): Promise<Html | null> {
  const stains = data.learned.filter((learned, _, all) => isTrainedHere(learned, all))
  if (stains.length === 0) return null
  const colour = colourGrid(data.metrics)
  const legend = stains.map(({ stain }) => ({ label: stain, colour: colour(stain) }))
  const charts = scores.map((score) => ({
    ...drawScore(score, listPoints(stains, score.name), colour),
    legend,
  }))
  return html`<p>Scores by epoch, a line for each generator with its source at the end. The dot marks the epoch that was kept: the lowest
mean of both distances, what structure and hematoxylin fall short of .9 counted in.</p>
${renderLegend(legend)}
${await renderCharts(charts)}`
}

function listPoints(stains: readonly LearnedStain[], name: string): Point[] {
  return stains.flatMap(({ stain, models }) =>
    models.flatMap(({ source, curve, bestEpoch }) =>
      (curve ?? []).flatMap((epochScores, i) => {
        const score = epochScores[name]
        if (score === undefined) return []
        // above 0, for logarithms
        const place = { epoch: i + 1, isKept: i + 1 === bestEpoch, isLast: i + 1 === curve!.length }
        return [
          {
            generator: JSON.stringify([stain, source]),
            stain,
            source,
            score: Math.max(1e-4, roundDrawn(score)),
            ...place,
          },
        ]
      }),
    ),
  )
}

// A distilled stain whose generators stand in the run by themselves has their curves.
function isTrainedHere(learned: LearnedStain, all: readonly LearnedStain[]): boolean {
  const curves = ({ models }: LearnedStain) => JSON.stringify(models.map(({ curve }) => curve))
  const isShared = () =>
    all.some((other) => !other.disagreement && other !== learned && curves(other) === curves(learned))
  return learned.models.some(({ curve }) => curve?.length) && !(learned.disagreement && isShared())
}

function drawScore(
  { title, axis, scale }: (typeof scores)[number],
  points: readonly Point[],
  colour: (stain: string) => string,
): Chart {
  const stains = [...new Set(points.map(({ stain }) => stain))]
  const kept = points.filter(({ isKept }) => isKept)
  const last = Math.max(...points.map(({ epoch }) => epoch))
  const x = {
    field: 'epoch',
    type: 'quantitative',
    title: 'epoch',
    scale: { domain: [1, Math.max(2, last)], nice: false },
    axis: { tickMinStep: 1, tickCount: 6, format: 'd', grid: false },
  }
  const y = {
    field: 'score',
    type: 'quantitative',
    title: axis,
    scale: scale === 'log' ? { type: scale, nice: false } : { zero: false, nice: true },
    axis: { tickCount: 5, format: '.2~f' },
  }
  const color = {
    field: 'stain',
    type: 'nominal',
    legend: null,
    scale: { domain: stains, range: stains.map(colour) },
  }
  return {
    width: 340,
    height: 230,
    title,
    alt: `${title} by epoch. Kept: ${kept.map(({ stain, source, score }) => `${stain} ${source} ${score}`).join('; ')}`,
    spec: {
      data: { values: points },
      layer: [
        {
          mark: { type: 'line', strokeJoin: 'round', strokeWidth: 1.6 },
          encoding: { x, y, color, detail: { field: 'generator', type: 'nominal' } },
        },
        {
          transform: [{ filter: 'datum.isKept' }],
          mark: {
            type: 'point',
            filled: true,
            size: 60,
            opacity: 1,
            stroke: 'var(--surface)',
            strokeWidth: 1.2,
          },
          encoding: { x, y, fill: color },
        },
        {
          transform: [{ filter: 'datum.isLast' }],
          mark: { type: 'text', align: 'left', dx: 6, fontSize: 10.5, clip: false },
          encoding: { x, y, color, text: { field: 'source', type: 'nominal' } },
        },
      ],
    },
  }
}
