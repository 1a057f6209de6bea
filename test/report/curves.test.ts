// ROC and reliability: what is drawn of the cells and what is not.

import { expect, it } from 'vitest'
import { renderCurves } from '../../src/report/sections/curves.ts'
import { dataOf, inventRun } from './sampleRun.ts'

it('leaves the dots of a reliability diagram apart, since a bin may hold one patch', async () => {
  const run = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] })
  const { markup } = (await renderCurves(dataOf(run))).body
  const charts = [...markup.matchAll(/<svg.*?<\/svg>/gs)].map(([svg]) => svg)
  const reliability = charts.filter((svg) => svg.includes('aria-label="Reliability'))
  expect(reliability).toHaveLength(2)
  for (const svg of reliability) expect(svg.match(/class="mark-line[^"]*"/g)).toHaveLength(1)
})
