// ROC and precision-recall curves of the compared cells, and how well the chosen cell's probabilities are calibrated.

import { countedDots, DIAGONAL, drawCellCurves, unitAxis } from '../cellCurves.ts'
import { type Chart, renderCharts } from '../charts.ts'
import {
  chosenCell,
  compareCells,
  type Evaluation,
  labelCompared,
  type ReportData,
  SPLIT_WORDS,
} from '../data.ts'
import { html } from '../html.ts'
import { formatUnit } from '../numbers.ts'
import { renderOrigin } from '../origin.ts'
import type { Section } from '../page.ts'
import { colourGrid, dashCompared } from '../palette.ts'
import { renderLegend } from '../parts.ts'
import { drawPrecisionRecall } from './precisionRecall.ts'

/** ROC and precision-recall curves and reliability diagrams, validation and test side by side. */
export async function renderCurves({ metrics, manifest }: ReportData): Promise<Section> {
  const cells = compareCells(metrics)
  const colour = colourGrid(metrics)
  const dash = dashCompared(metrics)
  const chosen = chosenCell(metrics)
  const splits = chosen.test ? (['val', 'test'] as const) : (['val'] as const)
  const charts = splits.flatMap((split): Chart[] => [
    ...[drawRoc(metrics, split), drawPrecisionRecall(metrics, split)].filter((chart) => chart !== null),
    drawReliability(split, chosen[split]!, colour(chosen.stain)),
  ])
  return {
    id: 'curves',
    title: 'ROC, precision and calibration',
    navTitle: 'Curves',
    badge: renderOrigin(manifest.origin),
    body: html`<p>ROC: tumours found against false alarms as the threshold moves. Precision and recall: how many of the patches
predicted to be tumour are, against tumours found; dotted is the share of tumour among all patches. Reliability, of the chosen cell: the share
of tumours among the patches given a probability; on the diagonal it is calibrated, and the larger a dot, the more patches
it stands for.</p>
${renderLegend(
  cells.map((cell) => {
    const auroc = (cell.test ?? cell.val).auroc
    return {
      label: labelCompared(cell, metrics),
      colour: colour(cell.stain),
      dash: dash(cell),
      note: html`<small>&nbsp;AUROC ${formatUnit(auroc?.value)}${cell.test ? ', test' : ', validation'}</small>${cells.length > 1 && cell.id === metrics.chosen && html`<span class="pill">chosen</span>`}`,
    }
  }),
)}
${await renderCharts(charts)}`,
  }
}

function drawRoc(metrics: ReportData['metrics'], split: 'val' | 'test'): Chart | null {
  return drawCellCurves({
    title: 'ROC',
    split,
    metrics,
    pick: ({ roc }) => ({ x: roc.falsePositiveRate, y: roc.truePositiveRate }),
    measure: 'AUROC',
    describe: ({ auroc }) => formatUnit(auroc?.value),
    axes: ['false alarms among normal patches', 'tumours found'],
    under: [DIAGONAL],
  })
}

function drawReliability(
  split: 'val' | 'test',
  { reliability, calibrationError }: Evaluation,
  colour: string,
): Chart {
  const values = reliability.map(({ meanProbability, tumourShare, count }) => ({
    x: meanProbability,
    y: tumourShare,
    count,
  }))
  const title = `Reliability, ${SPLIT_WORDS[split]}`
  const encoding = { x: unitAxis('x', 'mean probability'), y: unitAxis('y', 'share of tumours') }
  return {
    width: 340,
    height: 330,
    title,
    alt: `${title}, chosen cell: calibration error ${formatUnit(calibrationError.value)} over ${values.length} bins`,
    spec: {
      layer: [DIAGONAL, countedDots(values, encoding, { colour, opacity: 0.95, largest: 260 })],
    },
  }
}
