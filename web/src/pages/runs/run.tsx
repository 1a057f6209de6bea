// One run: its progress while it runs, its cells, its report.

import { useEffect, useRef, useState } from 'preact/hooks'
import type { RunDetail, RunProgress } from '../../../../src/serve/browser.ts'
import { postJson, useAsked } from '../../ask.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { Notice } from '../../parts/notice.tsx'
import { formatAccuracy, formatAuroc, formatNumber, formatWhen } from '../../parts/numbers.ts'
import { OriginBadge } from '../../parts/origin.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { describeFailure, type Failure } from '../../workers/talk.ts'
import { Progress } from './progress.tsx'
import { State } from './state.tsx'

export function RunView({ name }: { readonly name: string }) {
  const at = `/api/runs/${encodeURIComponent(name)}`
  const [every, setEvery] = useState<number | null>(2_000)
  const status = useAsked<RunProgress>(`${at}/status`, { every })
  const state = status.value?.state
  const detail = useAsked<RunDetail>(at)
  // An order takes a moment until it shows in the run folder.
  const lookUntil = useRef(0)
  const look = () => {
    lookUntil.current = Date.now() + 15_000
    status.again()
  }
  const before = useRef(state)
  useEffect(() => {
    if (before.current !== undefined && before.current !== state) detail.again()
    before.current = state
  }, [state])
  const isOpen = state === undefined || state === 'running' || state === 'starting'
  const wanted = isOpen || Date.now() < lookUntil.current ? 2_000 : null
  if (wanted !== every) setEvery(wanted)
  const run = detail.value
  return (
    <>
      <p class="crumb">
        <a href="#/runs">All runs</a>
      </p>
      <h1>
        {name} <OriginBadge origin={run?.origin ?? null} />
      </h1>
      {detail.failure && <FailureNotice failure={detail.failure} />}
      {run && (
        <p>
          <State state={state ?? run.state} />, last written {formatWhen(run.when)}
          {run.version && `, by Eosin ${run.version}`}.{' '}
          <a href={`#/patches/${encodeURIComponent(`run-${name}`)}`}>Look at its patches</a>
        </p>
      )}
      {run?.problem && <FailureNotice failure={{ message: run.problem.where, parts: run.problem }} />}
      {run?.notes.map((note) => (
        <Notice key={note} kind="note" title={note} />
      ))}
      {status.failure && <FailureNotice failure={status.failure} />}
      {status.value && <Work progress={status.value} onChange={look} />}
      {run && run.table.length > 0 && <Cells run={run} />}
      {run?.hasReport && <Report name={name} stamp={run.when} />}
    </>
  )
}

// How far it is, and what can be done about it.
function Work({ progress, onChange }: { readonly progress: RunProgress; readonly onChange: () => void }) {
  const [failure, setFailure] = useState<Failure | null>(null)
  const [isAsked, setAsked] = useState(false)
  const order = async (path: string, body?: unknown) => {
    setFailure(null)
    setAsked(false)
    try {
      await postJson(path, body)
    } catch (cause) {
      setFailure(describeFailure(cause))
    }
    setTimeout(onChange, 300)
  }
  const { name, state, canCancel } = progress
  const isOver = state === 'stopped' || state === 'failed'
  return (
    <>
      <Progress progress={progress} />
      <div class="row">
        {canCancel && !isAsked && (
          <button type="button" onClick={() => setAsked(true)}>
            Cancel the study
          </button>
        )}
        {canCancel && isAsked && (
          <>
            <span>Stop it now? What is done is kept, and it can go on from there.</span>
            <button
              type="button"
              class="main"
              onClick={() => order(`/api/runs/${encodeURIComponent(name)}/cancel`)}
            >
              Stop it
            </button>
            <button type="button" onClick={() => setAsked(false)}>
              Let it run
            </button>
          </>
        )}
        {isOver && (
          <button type="button" class="main" onClick={() => order('/api/studies', { run: name })}>
            Go on with the study
          </button>
        )}
      </div>
      {failure && <FailureNotice failure={failure} />}
    </>
  )
}

function Cells({ run: { table, chosenBy, seeds, warnings } }: { readonly run: RunDetail }) {
  const hasHeldOut = table.some(({ heldOut }) => heldOut)
  const hasTest = table.some(({ test }) => test)
  return (
    <section aria-labelledby="cells">
      <h2 id="cells">Cells</h2>
      {warnings.map((warning) => (
        <Notice key={warning} kind="warning" title="Warning">
          {warning}
        </Notice>
      ))}
      <Scroll label="Table of cells">
        <table>
          <caption>
            {formatNumber(seeds, 'seed')}. Accuracy in %, AUROC from 0 to 1, both with 95 % intervals. The
            chosen cell is marked; it was chosen by: {chosenBy}.
          </caption>
          <thead>
            <tr>
              <th scope="col">Cell (stain/extractor/head)</th>
              {hasHeldOut && (
                <th scope="col" class="n">
                  Held-out centers
                </th>
              )}
              <th scope="col" class="n">
                Accuracy, val
              </th>
              {hasTest && (
                <th scope="col" class="n">
                  Accuracy, test
                </th>
              )}
              <th scope="col" class="n">
                AUROC, val
              </th>
              {hasTest && (
                <th scope="col" class="n">
                  AUROC, test
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {table.map(({ id, isChosen, heldOut, val, test, valAuroc, testAuroc }) => (
              <tr key={id} class={isChosen ? 'chosen' : undefined}>
                <th scope="row">
                  {id} {isChosen && <span class="mark">chosen</span>}
                </th>
                {hasHeldOut && <td class="n">{formatAccuracy(heldOut)}</td>}
                <td class="n">{formatAccuracy(val)}</td>
                {hasTest && <td class="n">{formatAccuracy(test)}</td>}
                <td class="n">{formatAuroc(valAuroc)}</td>
                {hasTest && <td class="n">{formatAuroc(testAuroc)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  )
}

// In a frame of no origin: a report's script reaches nothing of this page.
function Report({ name, stamp }: { readonly name: string; readonly stamp: string }) {
  const address = `/api/runs/${encodeURIComponent(name)}/report?${encodeURIComponent(stamp)}`
  return (
    <section aria-labelledby="report">
      <h2 id="report">Report</h2>
      <iframe class="report" title={`Report of the run ${name}`} src={address} sandbox="allow-scripts" />
    </section>
  )
}
