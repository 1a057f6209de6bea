// Patches: a gallery over the patches of a run or of the data, what is shown of it, and a patch by itself.

import { useMemo, useRef, useState } from 'preact/hooks'
import { readColumns, type SetColumns, type SetDoubts, type SetEntry } from '../../../../src/serve/browser.ts'
import { askBytes, useAsked } from '../../ask.ts'
import type { PageProps } from '../../pages.ts'
import { download } from '../../parts/download.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { Notice } from '../../parts/notice.tsx'
import { formatCount, formatNumber, formatProbability } from '../../parts/numbers.ts'
import { OriginBadge } from '../../parts/origin.tsx'
import {
  type Filters,
  filterRows,
  type Known,
  nameLabel,
  noFilters,
  type Order,
  orderRows,
} from './choose.ts'
import { exportCsv } from './exportCsv.ts'
import { FilterBar } from './filterBar.tsx'
import { type Caption, Gallery } from './gallery.tsx'
import { PatchView } from './patch.tsx'
import './patches.css'

/** `#/patches`, `#/patches/SET`, `#/patches/SET/ROW`. */
export function Page({ path: [id, row] }: PageProps) {
  const { value, failure } = useAsked<{ sets: SetEntry[] }>('/api/sets')
  const sets = value?.sets ?? []
  const shown = id ?? sets.find(({ problem }) => !problem)?.id
  return (
    <>
      <div class="row head">
        <h1>Patches</h1>
        {sets.length > 0 && (
          <label>
            of{' '}
            <select
              value={shown}
              onChange={({ currentTarget }) => {
                location.hash = `#/patches/${encodeURIComponent(currentTarget.value)}`
              }}
            >
              {sets.map(({ id: one, title, problem }) => (
                <option key={one} value={one}>
                  {title}
                  {problem ? ' (not readable)' : ''}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {failure && <FailureNotice failure={failure} />}
      {value && sets.length === 0 && (
        <p>
          There are no patches in the folders that were given. Give some with{' '}
          <code>eosin serve --data FOLDER</code>.
        </p>
      )}
      {shown !== undefined && <SetView key={shown} id={shown} row={row === undefined ? null : Number(row)} />}
    </>
  )
}

const readSet = async (path: string) => readColumns(await askBytes(path))
const readFloats = async (path: string) => new Float32Array((await askBytes(path)).buffer as ArrayBuffer)

function SetView({ id, row }: { readonly id: string; readonly row: number | null }) {
  const at = `/api/sets/${encodeURIComponent(id)}`
  const { value: columns, failure } = useAsked<SetColumns>(`${at}/columns`, { read: readSet })
  if (failure) return <FailureNotice failure={failure} />
  if (!columns)
    return (
      <p aria-busy="true">
        Reading what is known of the patches; of many, the first time takes some seconds ...
      </p>
    )
  return <SetGallery columns={columns} at={at} row={row} />
}

function SetGallery({
  columns,
  at,
  row,
}: {
  readonly columns: SetColumns
  readonly at: string
  readonly row: number | null
}) {
  const { cells, count, id, origin, notes } = columns
  const [filters, setFilters] = useState<Filters>(noFilters)
  const [order, setOrder] = useState<Order>('set')
  const [pair, setPair] = useState({ first: cells[0] ?? '', second: cells[1] ?? '' })
  const [size, setSize] = useState(96)
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [changed, setChanged] = useState<SetDoubts | null>(null)
  const asked = useAsked<SetDoubts>(`${at}/doubts`)
  const doubts = changed ?? asked.value
  const first = useProbabilities(at, pair.first)
  const second = useProbabilities(at, order === 'apart' ? pair.second : '')
  const doubtOf = useMemo(() => new Map(doubts?.doubts.map((doubt) => [doubt.index, doubt])), [doubts])
  const doubted = useMemo(() => new Set(doubtOf.keys()), [doubtOf])
  const threshold = columns.threshold ?? 0.5
  const known: Known = { first: first.value, second: second.value, threshold, chosen, doubted }
  // Which are chosen or doubted matters only where that is asked for.
  const mark = filters.mark === 'chosen' ? chosen : filters.mark === 'doubted' ? doubted : null
  const rows = useMemo(
    () => orderRows(filterRows(columns, filters, known), order, columns, known),
    [columns, filters, order, first.value, second.value, mark],
  )
  const place = useRef(new Map<number, number>())
  const open = (next: number) => {
    location.hash = `#/patches/${encodeURIComponent(id)}/${next}`
  }
  const close = () => {
    location.hash = `#/patches/${encodeURIComponent(id)}`
  }
  const toggle = (one: number) =>
    setChosen((before) => {
      const next = new Set(before)
      if (!next.delete(one)) next.add(one)
      return next
    })
  const step = (by: 1 | -1) => {
    if (place.current.get(rows[0]) !== 0 || place.current.size !== rows.length)
      place.current = new Map(Array.from(rows, (own, i) => [own, i]))
    const now = row === null ? undefined : place.current.get(row)
    const next = now === undefined ? rows[0] : rows[now + by]
    if (next !== undefined) open(next)
  }
  const save = async () => {
    const list = [...chosen].sort((a, b) => a - b)
    const probabilities: Record<string, Float32Array> = {}
    for (const cell of cells)
      probabilities[cell] = await readFloats(`${at}/predictions?cell=${encodeURIComponent(cell)}`)
    const text = exportCsv({ columns, rows: list, probabilities, doubts: doubtOf })
    download(`${id}-chosen.csv`, new Blob([text], { type: 'text/csv' }))
  }
  const isPatch = row !== null && Number.isInteger(row) && row >= 0 && row < count
  return (
    <>
      {notes.map((note) => (
        <Notice key={note} kind="warning" title={note} />
      ))}
      <FilterBar
        columns={columns}
        filters={filters}
        onFilters={setFilters}
        order={order}
        onOrder={setOrder}
        pair={pair}
        onPair={setPair}
      />
      <div class="row summary">
        <span role="status">
          {formatCount(rows.length)} of {formatNumber(count, 'patch', 'patches')} shown,{' '}
          {formatCount(chosen.size)} chosen
          {doubted.size > 0 && `, ${formatCount(doubted.size)} with a doubted label`}
        </span>
        <OriginBadge origin={origin} />
        <button
          type="button"
          disabled={rows.length === 0}
          onClick={() => setChosen(new Set([...chosen, ...rows]))}
        >
          Choose all shown
        </button>
        <button type="button" disabled={chosen.size === 0} onClick={() => setChosen(new Set())}>
          Choose none
        </button>
        <button type="button" class="main" disabled={chosen.size === 0} onClick={save}>
          Export the chosen as CSV
        </button>
        <label class="size">
          Size{' '}
          <input
            type="range"
            min={48}
            max={192}
            step={16}
            value={size}
            aria-valuetext={`${size} pixels`}
            onInput={({ currentTarget }) => setSize(Number(currentTarget.value))}
          />
        </label>
      </div>
      {[asked.failure, first.failure, second.failure].map(
        (failure) => failure && <FailureNotice key={failure.message} failure={failure} />,
      )}
      {rows.length === 0 ? (
        <Notice kind="note" title="No patch is like that.">
          Take a filter away.
        </Notice>
      ) : (
        <Gallery
          set={id}
          rows={rows}
          size={size}
          captionOf={(one) => captionOf(columns, one, first.value, threshold)}
          chosen={chosen}
          doubted={doubted}
          onChoose={toggle}
          onOpen={open}
        />
      )}
      <p class="soft keys">
        Arrow keys move, Enter opens, Space chooses. Below a patch: its label (T tumour, N normal) and the
        probability of tumour
        {pair.first && ` by ${pair.first}`}; ✗ marks a prediction that differs from the label, ? a doubted
        label.
      </p>
      {isPatch && (
        <PatchView
          columns={columns}
          row={row}
          isChosen={chosen.has(row)}
          doubt={doubtOf.get(row)}
          onChoose={() => toggle(row)}
          onDoubts={setChanged}
          onOpen={open}
          onStep={step}
          onClose={close}
        />
      )}
    </>
  )
}

function useProbabilities(at: string, cell: string) {
  const path = cell === '' ? null : `${at}/predictions?cell=${encodeURIComponent(cell)}`
  return useAsked<Float32Array>(path, { read: readFloats })
}

function captionOf(columns: SetColumns, row: number, first: Float32Array | null, threshold: number): Caption {
  const label = columns.label[row]
  const probability = first?.[row] ?? Number.NaN
  const isKnown = !Number.isNaN(probability)
  const isWrong = isKnown && label <= 1 && probability >= threshold !== (label === 1)
  const letter = label === 1 ? 'T' : label === 0 ? 'N' : '–'
  const said = isKnown ? formatProbability(probability) : ''
  const rule = columns.ruleNames[columns.rule[row]]
  const center = columns.centerNames[columns.center[row]]
  return {
    text: [letter, said, isWrong && '✗', rule].filter(Boolean).join(' '),
    spoken: [
      `patch ${columns.ids[row]}`,
      `label ${nameLabel(label)}`,
      center !== undefined && `center ${center}`,
      isKnown && `probability of tumour ${said}`,
      isWrong && 'predicted otherwise',
      rule && `rejected: ${rule}`,
    ]
      .filter(Boolean)
      .join(', '),
    tone: label === 1 ? 'tumour' : label === 0 ? 'normal' : 'none',
  }
}
