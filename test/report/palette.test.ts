// A colour belongs to a stain method, also where the compared cells share one.

import { describe, expect, it } from 'vitest'
import { colourGrid, dashCompared } from '../../src/report/palette.ts'
import { renderCenters } from '../../src/report/sections/centers.ts'
import { renderCurves } from '../../src/report/sections/curves.ts'
import { dataOf, inventRun } from './sampleRun.ts'

describe('compared cells of one stain', () => {
  const data = dataOf(inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp', 'logistic'] }))

  it('share its colour and differ in their dashes', async () => {
    for (const { body } of [await renderCurves(data), await renderCenters(data)]) {
      expect(body.markup).toContain('var(--series-0)')
      expect(body.markup).not.toMatch(/var\(--series-[1-9]/)
    }
    const { cells } = data.metrics
    expect(new Set(cells.map((cell) => String(dashCompared(data.metrics)(cell)))).size).toBe(2)
    expect((await renderCurves(data)).body.markup).toMatch(/stroke-dasharray="7,3"/)
  })

  it('are whole lines where the stain alone tells them apart', () => {
    const { metrics } = dataOf(
      inventRun({ stains: ['none', 'macenko'], embeds: ['texture'], heads: ['mlp'] }),
    )
    expect(metrics.cells.map(dashCompared(metrics))).toEqual([[], []])
    expect(metrics.cells.map(({ stain }) => colourGrid(metrics)(stain))).toEqual([
      'var(--series-0)',
      'var(--series-1)',
    ])
  })
})
