// Two runs, cell by cell: the accuracy of cells of one name on the same patches, paired patch by patch.

import type { ComparedRuns } from '../../../../src/serve/browser.ts'
import { useAsked } from '../../ask.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { formatAccuracy } from '../../parts/numbers.ts'
import { OriginBadge } from '../../parts/origin.tsx'
import { Scroll } from '../../parts/scroll.tsx'

export function Compare({ a, b }: { readonly a: string; readonly b: string }) {
  const { value, failure } = useAsked<ComparedRuns>(
    `/api/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`,
  )
  return (
    <>
      <p class="crumb">
        <a href="#/runs">All runs</a>
      </p>
      <h1>
        {a} and {b}
      </h1>
      {failure && <FailureNotice failure={failure} />}
      {!value && !failure && <p aria-busy="true">Reading the predictions of both runs ...</p>}
      {value && (
        <>
          <ul>
            {value.runs.map(({ letter, name, origin, version, missing, added }) => (
              <li key={letter}>
                {letter}: <a href={`#/runs/${encodeURIComponent(name)}`}>{name}</a>, Eosin {version}{' '}
                <OriginBadge origin={origin} />
                {missing.length > 0 && ` lacks ${missing.join(', ')}`}
                {added.length > 0 && ` has besides ${added.join(', ')}`}
              </li>
            ))}
          </ul>
          {value.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
          <Scroll label="Table of differences">
            <table>
              <caption>
                Accuracy with 95 % intervals. The difference is {b} less {a}, in percentage points; p is
                adjusted for all comparisons (Holm).
              </caption>
              <thead>
                <tr>
                  {['Cell', 'On', a, b, 'Difference', 'p'].map((title, i) => (
                    <th key={title} scope="col" class={i > 1 ? 'n' : undefined}>
                      {title}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {value.comparisons.map(({ cell, split, first, other, paired, adjusted }) => (
                  <tr key={`${cell} ${split}`}>
                    <th scope="row">{cell}</th>
                    <td>{split}</td>
                    <td class="n">{formatAccuracy(first)}</td>
                    <td class="n">{formatAccuracy(other)}</td>
                    <td class="n">{sayPoints(paired.difference)}</td>
                    <td class="n">{adjusted < 0.001 ? '< 0.001' : adjusted.toFixed(3)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </>
      )}
    </>
  )
}

function sayPoints({
  value,
  low,
  high,
}: {
  readonly value: number
  readonly low: number
  readonly high: number
}): string {
  const points = (share: number) =>
    `${share > 0 ? '+' : share < 0 ? '−' : ''}${Math.abs(100 * share).toFixed(1)}`
  return `${points(value)} (${points(low)} to ${points(high)})`
}
