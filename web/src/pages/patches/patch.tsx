// One patch in a window over the gallery: large, under every stain, with what is known and predicted of it, and its neighbours.

import { useEffect, useRef, useState } from 'preact/hooks'
import type {
  Doubt,
  NearestPatches,
  PatchProbabilities,
  SetColumns,
  SetDoubts,
} from '../../../../src/serve/browser.ts'
import { useAsked } from '../../ask.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { formatProbability } from '../../parts/numbers.ts'
import { Picture } from '../../parts/picture.tsx'
import { describeFailure, type Failure, openTalk, type Talk } from '../../workers/talk.ts'
import { nameLabel } from './choose.ts'
import { DoubtForm } from './doubtForm.tsx'
import type { Densities, PatchHandlers, Restained, Some } from './patchWorker.ts'
import { Scatter } from './scatter.tsx'

export interface PatchViewProps {
  readonly columns: SetColumns
  readonly row: number
  readonly isChosen: boolean
  readonly doubt: Doubt | undefined
  readonly onChoose: () => void
  readonly onDoubts: (doubts: SetDoubts) => void
  readonly onOpen: (row: number) => void
  /** Shows the patch that stands before this one in the gallery, or after it. */
  readonly onStep: (step: 1 | -1) => void
  readonly onClose: () => void
}

export function PatchView({
  columns,
  row,
  isChosen,
  doubt,
  onChoose,
  onDoubts,
  onOpen,
  onStep,
  onClose,
}: PatchViewProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current!.showModal()
  }, [])
  const press = (event: KeyboardEvent) => {
    const isInField = (event.target as Element).closest('input, textarea, select')
    if (isInField || !['ArrowLeft', 'ArrowRight'].includes(event.key)) return
    event.preventDefault()
    onStep(event.key === 'ArrowLeft' ? -1 : 1)
  }
  const { id, ids } = columns
  const at = `/api/sets/${encodeURIComponent(id)}/patches/${row}`
  return (
    <dialog ref={dialog} class="patch" aria-labelledby="patch-title" onClose={onClose} onKeyDown={press}>
      <header class="row">
        <h2 id="patch-title">Patch {ids[row]}</h2>
        <button type="button" onClick={() => onStep(-1)} aria-label="The patch before">
          ←
        </button>
        <button type="button" onClick={() => onStep(1)} aria-label="The patch after">
          →
        </button>
        <button type="button" aria-pressed={isChosen} onClick={onChoose}>
          {isChosen ? 'Chosen' : 'Choose'}
        </button>
        <button type="button" onClick={() => dialog.current!.close()}>
          Close
        </button>
      </header>
      <div class="patch-parts">
        <Stains columns={columns} row={row} />
        <div>
          <Facts columns={columns} row={row} />
          {columns.cells.length > 0 && <Probabilities at={at} threshold={columns.threshold} />}
          <DoubtForm
            key={`${row} ${doubt?.at}`}
            columns={columns}
            row={row}
            doubt={doubt}
            onDoubts={onDoubts}
          />
        </div>
      </div>
      {columns.run !== null && <Nearest columns={columns} at={at} onOpen={onOpen} />}
    </dialog>
  )
}

function Facts({ columns, row }: { readonly columns: SetColumns; readonly row: number }) {
  const { splitNames, split, centerNames, center, slideNames, slide, label, ruleNames, rule } = columns
  const facts: [string, string][] = [
    ...(splitNames.length > 0 ? [['Split', splitNames[split[row]]] as [string, string]] : []),
    ['Center', centerNames[center[row]] ?? 'not known'],
    ['Slide', slideNames[slide[row]] ?? 'not known'],
    ['Label', nameLabel(label[row])],
    [
      'Quality',
      ruleNames[rule[row]] ? `rejected: ${ruleNames[rule[row]]}` : columns.run ? 'passed' : 'not known',
    ],
    ...columns.stains.map((stain): [string, string] => [
      `Verdict, ${stain}`,
      columns.verdictNames[columns.verdicts[stain][row]] || 'not known',
    ]),
  ]
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Probabilities({ at, threshold }: { readonly at: string; readonly threshold: number | null }) {
  const { value, failure } = useAsked<PatchProbabilities>(`${at}/probabilities`)
  const known = value?.cells.filter(({ probability }) => probability !== null) ?? []
  return (
    <section>
      <h3>Probability of tumour</h3>
      {failure && <FailureNotice failure={failure} />}
      {value && known.length === 0 && (
        <p class="soft">No cell predicts this patch: those of train are trained on.</p>
      )}
      {known.length > 0 && (
        <table class="bars">
          <caption class="hidden">Probability of tumour by cell, from 0 to 1</caption>
          <tbody>
            {known.map(({ cell, probability }) => (
              <tr key={cell}>
                <th scope="row">{cell}</th>
                <td>
                  <meter min={0} max={1} value={probability!} aria-label={`Probability by ${cell}`} />
                </td>
                <td class="n">{formatProbability(probability!)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {known.length > 0 && threshold !== null && (
        <p class="soft">The chosen cell predicts tumour from {formatProbability(threshold)} on.</p>
      )}
    </section>
  )
}

// Patches that stains are fitted on: spread over those of train that passed the filter, or over the set.
const referenceCount = 24
function pickReference({ id, count, height, width, splitNames, split, rule }: SetColumns): Some {
  const train = splitNames.indexOf('train')
  const fit = Array.from({ length: count }, (_, row) => row).filter(
    (row) => rule[row] === 0 && (train < 0 || split[row] === train),
  )
  const wanted = Math.min(referenceCount, fit.length)
  const rows = Array.from({ length: wanted }, (_, i) => fit[Math.floor((i * fit.length) / wanted)])
  return { set: id, rows, height, width }
}

function Stains({ columns, row }: { readonly columns: SetColumns; readonly row: number }) {
  const talk = useRef<Talk<PatchHandlers>>(null)
  const [original, setOriginal] = useState<ImageBitmap | null>(null)
  const [stained, setStained] = useState<readonly Restained[]>([])
  const [densities, setDensities] = useState<Densities | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const reference = useRef<Some>(null)
  reference.current ??= pickReference(columns)
  useEffect(() => {
    talk.current = openTalk<PatchHandlers>(
      new Worker(new URL('./patchWorker.ts', import.meta.url), { type: 'module' }),
    )
    return () => talk.current?.end()
  }, [])
  useEffect(() => {
    let isShown = true
    const patch: Some = { set: columns.id, rows: [row], height: columns.height, width: columns.width }
    const show = async () => {
      setStained([])
      setFailure(null)
      const found: Restained[] = []
      const dense = talk.current!.ask('densities', { patch })
      const whole = talk.current!.ask('restain', { patch, reference: reference.current! }, (news) => {
        found.push(news)
        if (isShown) setStained([...found])
      })
      await Promise.all([
        dense.then((known) => isShown && setDensities(known)),
        whole.then((answer) => isShown && setOriginal(answer.original)),
      ])
    }
    show().catch((cause) => isShown && setFailure(describeFailure(cause)))
    return () => {
      isShown = false
    }
  }, [columns.id, row])
  const { height, width, id } = columns
  return (
    <section aria-label="The patch and its stains">
      <div class="looks">
        <img
          class="original"
          src={`/api/sets/${encodeURIComponent(id)}/patches/${row}`}
          width={width}
          height={height}
          alt={`The patch ${columns.ids[row]} as it is`}
        />
        {densities && <Scatter densities={densities} />}
      </div>
      <h3>Under every classical stain</h3>
      {failure && <FailureNotice failure={failure} />}
      <p class="soft">
        Fitted on {reference.current.rows.length} patches{' '}
        {columns.splitNames.length > 0 ? 'of train' : 'of the set'}, with the defaults of each method.{' '}
        {stained.length < 6 && !failure && `${stained.length} of 6 are done.`}
      </p>
      <div class="stains">
        {stained.map(({ method, picture, verdict, reason }) => (
          <figure key={method}>
            <Picture bitmap={picture} label={`The patch under ${method}`} />
            <figcaption>
              {method} <span class={`v-${verdict}`}>{verdict}</span>
              {reason && <small> {reason}</small>}
            </figcaption>
          </figure>
        ))}
      </div>
      {original === null && !failure && <span class="hidden">The stains are being computed.</span>}
    </section>
  )
}

function Nearest({
  columns,
  at,
  onOpen,
}: {
  readonly columns: SetColumns
  readonly at: string
  readonly onOpen: (row: number) => void
}) {
  const { value, failure } = useAsked<NearestPatches>(`${at}/nearest?count=8`)
  return (
    <section>
      <h3>Nearest training patches</h3>
      {failure && <FailureNotice failure={failure} />}
      {!value && !failure && <p aria-busy="true">Comparing embeddings ...</p>}
      {value && (
        <>
          <p class="soft">By the cosine of their embeddings ({value.embeddings}); 1 is the same direction.</p>
          <ul class="nearest">
            {value.nearest.map(({ index, cosine }) => {
              const label = nameLabel(columns.label[index])
              const center = columns.centerNames[columns.center[index]] ?? '?'
              return (
                <li key={index}>
                  <button type="button" onClick={() => onOpen(index)}>
                    <img
                      src={`/api/sets/${encodeURIComponent(columns.id)}/patches/${index}`}
                      width={columns.width}
                      height={columns.height}
                      alt=""
                    />
                    {columns.ids[index]}
                  </button>
                  <small>
                    {label}, center {center}, {cosine.toFixed(3)}
                  </small>
                </li>
              )
            })}
          </ul>
        </>
      )}
    </section>
  )
}
