// Specificity, abstention and slides in the report: what is shown, and what runs of older versions leave out.

import { describe, expect, it } from 'vitest'
import type { Evaluation } from '../../src/evaluate/evaluation.ts'
import { renderCurves } from '../../src/report/sections/curves.ts'
import { renderOperating } from '../../src/report/sections/operating.ts'
import { renderSlides } from '../../src/report/sections/slides.ts'
import { dataOf, inventRun, type SampleRun, textOf } from './sampleRun.ts'

const sample = inventRun({ stains: ['none', 'macenko'], embeds: ['texture'], heads: ['mlp'] })
const change = (edit: (evaluation: Evaluation) => object, run: SampleRun = sample): SampleRun => ({
  ...run,
  metrics: {
    ...run.metrics,
    cells: run.metrics.cells.map((cell) => ({
      ...cell,
      val: edit(cell.val) as Evaluation,
      test: cell.test && (edit(cell.test) as Evaluation),
    })),
  },
})
const older = change(
  ({
    riskCoverage: _,
    sensitivityAt: __,
    precisionRecall: ___,
    slideLevel: ____,
    patientLevel: _____,
    ...rest
  }) => rest,
)
const chartsOf = (markup: string) =>
  [...markup.matchAll(/<svg[^>]*aria-label="([^"]*)"/g)].map(([, alt]) => alt.split('.')[0].split(':')[0])

describe('precision and recall', () => {
  it('stand beside ROC, one chart a split', async () => {
    const charts = chartsOf((await renderCurves(dataOf(sample))).body.markup)
    expect(charts.filter((alt) => alt.startsWith('Precision'))).toEqual([
      'Precision and recall, validation',
      'Precision and recall, test',
    ])
    expect(chartsOf((await renderCurves(dataOf(older))).body.markup)).not.toContain(
      'Precision and recall, test',
    )
  })
})

describe('thresholds and abstention', () => {
  it('show predictions, both tables and a curve of each split', async () => {
    const { markup } = (await renderOperating(dataOf(sample))).body
    const text = textOf(markup)
    expect(text).toMatch(/Predictions, validation .* Predictions, test/)
    expect(text).toMatch(/specificity validation test 90\.0.% \d+\.\d \d+\.\d–\d+\.\d from 0\.600/)
    expect(text).toMatch(/kept validation test 100 % \d+\.\d \d+\.\d–\d+\.\d \d+\.\d/)
    expect(text).toMatch(/50 % \d+\.\d \d+\.\d–\d+\.\d margin 0\.250/)
    expect(chartsOf(markup)).toEqual([
      'Accuracy of the surest patches, validation',
      'Accuracy of the surest patches, test',
    ])
  })

  it('say how many normal patches it takes where there are too few', async () => {
    const few = change((evaluation) => ({
      ...evaluation,
      sensitivityAt: evaluation.sensitivityAt.map((at) => ({ ...at, sensitivity: null, threshold: null })),
    }))
    expect(textOf((await renderOperating(dataOf(few))).body.markup)).toContain('it takes 100 normal patches')
  })

  it('are predictions alone in runs that did not measure the rest, and of labelled splits alone', async () => {
    const { markup } = (await renderOperating(dataOf(older))).body
    expect(chartsOf(markup)).toEqual([])
    expect(textOf(markup)).toMatch(/at its threshold\. Predictions, validation/)
    const withheld = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'], testLabels: false })
    expect(chartsOf((await renderOperating(dataOf(withheld))).body.markup)).toHaveLength(1)
  })
})

describe('slides', () => {
  const mixed = change((evaluation) => {
    const level = evaluation.slideLevel!
    const kinds = {
      accuracy: { value: 0.9, low: 0.6, high: 0.98 },
      auroc: { value: 0.95, low: 0.7, high: 0.99 },
    }
    return {
      ...evaluation,
      slideLevel: { ...level, tumour: 8, mean: { ...level.mean, ...kinds }, top: { ...level.top, ...kinds } },
    }
  })

  it('show error and correlation of the share, and say that all hold tumour', async () => {
    const { markup } = (await renderSlides(dataOf(sample)))!.body
    expect(textOf(markup)).toContain('All of 14 test slides hold tumour.')
    expect(textOf(markup)).not.toMatch(/AUROC|surest tenth/)
    expect(chartsOf(markup)).toEqual(['Slides, validation', 'Slides, test'])
  })

  it('show every cell where there are several', async () => {
    const own = textOf((await renderSlides(dataOf(sample)))!.body.markup)
    expect(own).toMatch(
      /Every combination, test: .* cell slides error correlation .*macenko 9\.0 .*none 9\.0/,
    )
    const single = inventRun({ stains: ['none'], embeds: ['texture'], heads: ['mlp'] })
    expect(textOf((await renderSlides(dataOf(single)))!.body.markup)).not.toContain('Every combination')
    expect(textOf((await renderSlides(dataOf(mixed)))!.body.markup)).toMatch(
      /cell slides error correlation AUROC/,
    )
  })

  it('show accuracy and AUROC where some hold none', async () => {
    const text = textOf((await renderSlides(dataOf(mixed)))!.body.markup)
    expect(text).toContain('Of 14 test slides, 8 hold tumour.')
    expect(text).toMatch(/surest tenth – – 90\.0 60\.0–98\.0 0\.950/)
  })

  it('show patients where they are known, and nothing where neither is', async () => {
    const patients = change((evaluation) => ({
      ...evaluation,
      byPatient: evaluation.bySlide,
      patientLevel: evaluation.slideLevel,
    }))
    const { title, body } = (await renderSlides(dataOf(patients)))!
    expect(title).toBe('Slides and patients: how much tumour')
    expect(chartsOf(body.markup)).toContain('Patients, test')
    expect(textOf(body.markup)).toMatch(/cell slides patients error correlation error correlation/)
    expect(await renderSlides(dataOf(older))).toBeNull()
  })
})
