// Slides and patients instead of patches: how much tumour each holds, estimated beside true.

import { countedDots, DIAGONAL, unitAxis } from '../cellCurves.ts'
import { type Chart, renderCharts } from '../charts.ts'
import {
  chosenCell,
  type Evaluation,
  labelCell,
  type ReportData,
  SPLIT_WORDS,
  scoredSplits,
  type UnitFigures,
  type UnitLevel,
  type UnitScore,
} from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatPlural, formatShare, formatUnit, roundDrawn } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid } from '../palette.ts'
import { renderOptional, renderTable } from '../parts.ts'
import { renderUnitCells } from './unitCells.ts'

type Scored = 'val' | 'test'
const DOTS_AT_MOST = 400

interface Level {
  readonly split: Scored
  readonly noun: 'slide' | 'patient'
  readonly level: UnitLevel
  readonly scores: Readonly<Record<string, UnitScore>>
}

/** Null where fewer than two slides are known, or the run is of a version that did not judge them. */
export async function renderSlides({ metrics, manifest }: ReportData): Promise<Section | null> {
  const chosen = chosenCell(metrics)
  const levels = scoredSplits(chosen).flatMap((split) => listLevels(split, chosen[split]!))
  if (levels.length === 0) return null
  const colour = colourGrid(metrics)(chosen.stain)
  const hasPatients = levels.some(({ noun }) => noun === 'patient')
  return {
    id: 'slides',
    title: `${hasPatients ? 'Slides and patients' : 'Slides'}: how much tumour`,
    navTitle: 'Slides',
    badge: renderOrigin(manifest.origin),
    body: html`<p>What the probabilities of <strong>${labelCell(chosen, metrics)}</strong> say of whole ${hasPatients ? 'slides and patients' : 'slides'}: the share of
their patches that are tumour, estimated by the mean probability or by the share called, beside the true share; each counts once. Truth is
that of the patches in the set: a slide with any tumour patch holds tumour.
${levels.map(describeKinds)}</p>
${await renderCharts([...levels.map((level) => drawShares(level, colour)), renderTable('Shares of tumour', renderLevels(levels))])}
${renderUnitCells(metrics)}`,
  }
}

function listLevels(split: Scored, evaluation: Partial<Evaluation>): Level[] {
  const { slideLevel, patientLevel, bySlide = {}, byPatient = {} } = evaluation
  return [
    ...(slideLevel ? [{ split, noun: 'slide' as const, level: slideLevel, scores: bySlide }] : []),
    ...(patientLevel ? [{ split, noun: 'patient' as const, level: patientLevel, scores: byPatient }] : []),
  ]
}

const nameLevel = ({ split, noun }: Level) =>
  `${noun === 'slide' ? 'Slides' : 'Patients'}, ${SPLIT_WORDS[split]}`

// Which of them hold tumour is a question only where some do not.
function describeKinds({ split, noun, level: { count, tumour } }: Level): string {
  const all = formatPlural(count, `${SPLIT_WORDS[split]} ${noun}`)
  if (tumour === count) return `All of ${all} hold tumour. `
  if (tumour === 0) return `None of ${all} holds tumour. `
  return `Of ${all}, ${formatCount(tumour)} ${tumour === 1 ? 'holds' : 'hold'} tumour. `
}

function renderLevels(levels: readonly Level[]): Html {
  const hasBoth = levels.some(({ level }) => level.tumour > 0 && level.tumour < level.count)
  return html`<table><caption><span>Error: mean absolute difference of the shares, in points; with 95 % intervals.${hasBoth && ' Accuracy and AUROC: of those with and without any tumour.'}</span></caption>
<thead><tr><th scope="col">estimated by</th><th scope="col" class="n">error</th><th scope="col" class="n">correlation</th>${hasBoth && html`<th scope="col" class="n">accuracy %</th><th scope="col" class="n">AUROC</th>`}</tr></thead>
${levels.map((level) => renderLevel(level, hasBoth))}</table>`
}

function renderLevel(own: Level, hasBoth: boolean): Html {
  const { mean, called, top } = own.level
  const ways: readonly [string, UnitFigures][] = [
    ['mean probability', mean],
    ['share called', called],
    ...(hasBoth ? [['surest tenth', top] as [string, UnitFigures]] : []),
  ]
  return html`<tbody><tr><th scope="rowgroup" colspan="${hasBoth ? 5 : 3}">${nameLevel(own)}</th></tr>${ways.map(
    ([name, { error, correlation, accuracy, auroc }]) =>
      html`<tr><td>${name}</td>${renderOptional(error, formatShare)}${renderOptional(correlation, formatUnit)}${hasBoth && html`${renderOptional(accuracy, formatShare)}${renderOptional(auroc, formatUnit)}`}</tr>`,
  )}</tbody>`
}

function drawShares(own: Level, colour: string): Chart {
  const units = Object.entries(own.scores).sort(([, a], [, b]) => b.count - a.count)
  const values = units.slice(0, DOTS_AT_MOST).map(([name, { count, positives, mean }]) => ({
    name,
    x: roundDrawn(positives / count),
    y: roundDrawn(mean),
    count,
  }))
  const title = `${nameLevel(own)}: share of tumour`
  const { error } = own.level.mean
  return {
    width: 340,
    height: 330,
    title,
    ...(units.length > values.length && {
      subtitle: `the ${values.length} largest of ${formatCount(units.length)}`,
    }),
    alt: `${title}, estimated by mean probability against true: mean absolute error ${formatUnit(error?.value)} over ${formatPlural(units.length, own.noun)}`,
    spec: {
      layer: [
        DIAGONAL,
        countedDots(
          values,
          { x: unitAxis('x', 'true share of tumour'), y: unitAxis('y', 'estimated: mean probability') },
          { colour, opacity: 0.85, largest: 160 },
        ),
      ],
    },
  }
}
