// What the method does to all pictures, in figures: as `eosin stain compare` measures it.

import type { Verdict } from '../../../../src/stain/browser.ts'
import { Scroll } from '../../parts/scroll.tsx'
import type { Bench } from './useBench.ts'

export function Figures({ bench }: { readonly bench: Bench }) {
  const { pictures, work } = bench
  const outcomes = pictures.flatMap(({ id }) => work.outcomes.get(id) ?? [])
  const verdicts: Partial<Record<Verdict, number>> = {}
  for (const { verdict } of outcomes) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
  const { figures } = work
  const isSynthetic = pictures.some((picture) => picture.isSynthetic)
  const milliseconds = outcomes.reduce((sum, outcome) => sum + outcome.milliseconds, 0)
  return (
    <section aria-label="Figures">
      <Scroll label="Table of figures">
        <table>
          <caption>
            {pictures.length} {pictures.length === 1 ? 'picture' : 'pictures'}
            {isSynthetic && ', among them SYNTHETIC ones'}:{' '}
            {Object.entries(verdicts)
              .map(([verdict, count]) => `${count} ${verdict}`)
              .join(', ')}
            . Normalised in {milliseconds.toFixed(0)} ms. Distances are CIE76, in units of CIELAB.
          </caption>
          <thead>
            <tr>
              <th scope="col">Measure</th>
              <th scope="col" class="n">
                Before
              </th>
              <th scope="col" class="n">
                After
              </th>
            </tr>
          </thead>
          <tbody>
            <Row
              name="Distance between centers"
              before={figures?.centerDistanceBefore}
              after={figures?.centerDistance}
              digits={1}
            />
            <Row
              name="Distance of pictures to the mean of their center"
              before={figures?.withinCenterBefore}
              after={figures?.withinCenter}
              digits={1}
            />
            <Row
              name="Structural similarity to the original"
              before={figures && 1}
              after={figures?.similarity}
              digits={3}
            />
            <Row
              name="Correlation of the hematoxylin map with the original"
              before={figures && 1}
              after={figures?.hematoxylinKept}
              digits={3}
            />
          </tbody>
        </table>
      </Scroll>
      {figures === null && work.total > 0 && work.isWhole && (
        <p class="soft">Figures need pictures of one size; these differ.</p>
      )}
      {figures !== null && figures.centerDistance === null && (
        <p class="soft">
          The distance between centers needs a center for every picture, and at least two centers.
        </p>
      )}
    </section>
  )
}

interface RowProps {
  readonly name: string
  readonly before: number | null | undefined
  readonly after: number | null | undefined
  readonly digits: number
}

function Row({ name, before, after, digits }: RowProps) {
  const print = (value: number | null | undefined) =>
    value === null || value === undefined ? 'not known' : value.toFixed(digits)
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="n">{print(before)}</td>
      <td class="n">{print(after)}</td>
    </tr>
  )
}
