// All runs, two of which can be chosen to be compared, and a form that starts a study.

import { useState } from 'preact/hooks'
import type { RunEntry } from '../../../../src/serve/browser.ts'
import { useAsked } from '../../ask.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { formatAccuracy, formatCount, formatWhen } from '../../parts/numbers.ts'
import { OriginBadge } from '../../parts/origin.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { StartStudy } from './start.tsx'
import { State } from './state.tsx'

const isAtWork = ({ state }: RunEntry) => state === 'running' || state === 'starting'

export function RunList() {
  const [every, setEvery] = useState(30_000)
  const { value, failure, again } = useAsked<{ runs: RunEntry[] }>('/api/runs', { every })
  const [chosen, setChosen] = useState<readonly string[]>([])
  const runs = value?.runs ?? []
  const wanted = runs.some(isAtWork) ? 3_000 : 30_000
  if (wanted !== every) setEvery(wanted)
  const toggle = (name: string) =>
    setChosen((before) =>
      before.includes(name) ? before.filter((one) => one !== name) : [...before, name].slice(-2),
    )
  return (
    <>
      <h1>Runs</h1>
      {failure && <FailureNotice failure={failure} />}
      {!value && !failure && <p aria-busy="true">Reading the folder of runs ...</p>}
      {value && runs.length === 0 && (
        <p>There is no run in this folder yet. Start a study below, or in a terminal with eosin study run.</p>
      )}
      {runs.length > 0 && (
        <>
          <Scroll label="Table of runs">
            <table>
              <caption>
                {formatCount(runs.length)} {runs.length === 1 ? 'run' : 'runs'}. Accuracy is that of the
                chosen cell, with its 95 % interval.
              </caption>
              <thead>
                <tr>
                  <th scope="col">Compare</th>
                  <th scope="col">Run</th>
                  <th scope="col">State</th>
                  <th scope="col" class="n">
                    Accuracy
                  </th>
                  <th scope="col">On</th>
                  <th scope="col" class="n">
                    Cells
                  </th>
                  <th scope="col">Data</th>
                  <th scope="col">Last written</th>
                  <th scope="col">Eosin</th>
                </tr>
              </thead>
              <tbody>
                {runs.map((run) => (
                  <Row
                    key={run.name}
                    run={run}
                    isChosen={chosen.includes(run.name)}
                    onChoose={() => toggle(run.name)}
                  />
                ))}
              </tbody>
            </table>
          </Scroll>
          <p>
            {chosen.length === 2 ? (
              <a
                class="button"
                href={`#/runs/${encodeURIComponent(chosen[0])}/with/${encodeURIComponent(chosen[1])}`}
              >
                Compare {chosen[0]} with {chosen[1]}
              </a>
            ) : (
              <span class="soft">Choose two runs to compare them cell by cell.</span>
            )}
          </p>
        </>
      )}
      <StartStudy onStarted={again} />
    </>
  )
}

function Row({
  run,
  isChosen,
  onChoose,
}: {
  readonly run: RunEntry
  readonly isChosen: boolean
  readonly onChoose: () => void
}) {
  const { name, state, accuracy, cells, origin, when, version, problem, notes } = run
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          checked={isChosen}
          disabled={cells === null}
          onChange={onChoose}
          aria-label={`Compare ${name}`}
        />
      </td>
      <th scope="row">
        <a href={`#/runs/${encodeURIComponent(name)}`}>{name}</a>
        {problem && (
          <small class="wrong problem">
            {problem.where.split('/').at(-1)}: {problem.expected && `expected ${problem.expected}`}
            {problem.got && `${problem.expected ? ', ' : ''}got ${problem.got}`}
            {problem.hint && `; ${problem.hint}`}
          </small>
        )}
        {notes.map((note) => (
          <small key={note} class="soft problem">
            {note}
          </small>
        ))}
      </th>
      <td>
        <State state={state} />
      </td>
      <td class="n">{accuracy ? formatAccuracy(accuracy) : ''}</td>
      <td>{accuracy?.on ?? ''}</td>
      <td class="n">{cells ?? ''}</td>
      <td>{origin === 'real' ? 'real' : <OriginBadge origin={origin} />}</td>
      <td>{formatWhen(when)}</td>
      <td>{version ?? ''}</td>
    </tr>
  )
}
