// Embeddings: a map of the patches of a run by their embeddings, and those of them that are chosen on it.

import { useEffect, useMemo, useState } from 'preact/hooks'
import {
  type EmbeddingList,
  type EmbeddingMap,
  type MapMethod,
  type MapProgress,
  type RunEntry,
  readColumns,
  readMap,
  type SetColumns,
} from '../../../../src/serve/browser.ts'
import { askBytes, askLong, useAsked } from '../../ask.ts'
import type { PageProps } from '../../pages.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { ChoiceField } from '../../parts/field.tsx'
import { Notice } from '../../parts/notice.tsx'
import { formatCount, formatNumber } from '../../parts/numbers.ts'
import { OriginBadge } from '../../parts/origin.tsx'
import { Progress } from '../../parts/progress.tsx'
import { describeFailure, type Failure } from '../../workers/talk.ts'
import { Chosen } from './chosen.tsx'
import { type Grouping, groupings, groupPoints } from './groups.ts'
import { Legend } from './legend.tsx'
import { Plot } from './plot.tsx'
import './embeddings.css'

/** `#/embeddings`, `#/embeddings/RUN`. */
export function Page({ path: [name] }: PageProps) {
  const { value, failure } = useAsked<{ runs: RunEntry[] }>('/api/runs')
  const runs = value?.runs ?? []
  const shown = name ?? (runs.find(({ state }) => state === 'done') ?? runs[0])?.name
  return (
    <>
      <div class="row head">
        <h1>Embeddings</h1>
        {runs.length > 0 && (
          <label>
            of the run{' '}
            <select
              value={shown}
              onChange={({ currentTarget }) => {
                location.hash = `#/embeddings/${encodeURIComponent(currentTarget.value)}`
              }}
            >
              {runs.map(({ name: one }) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {failure && <FailureNotice failure={failure} />}
      {value && shown === undefined && (
        <p>
          There is no run in this folder yet. Start a study on the page Runs; its embeddings are shown here.
        </p>
      )}
      {shown !== undefined && <RunView key={shown} name={shown} />}
    </>
  )
}

const readSet = async (path: string) => readColumns(await askBytes(path))
const readFloats = async (path: string) => new Float32Array((await askBytes(path)).buffer as ArrayBuffer)
const methods: readonly (readonly [MapMethod, string])[] = [
  ['pca', 'PCA'],
  ['umap', 'UMAP'],
]

function RunView({ name }: { readonly name: string }) {
  const at = `/api/runs/${encodeURIComponent(name)}/embeddings`
  const list = useAsked<EmbeddingList>(at)
  const set = list.value && `/api/sets/${encodeURIComponent(list.value.set)}`
  const columns = useAsked<SetColumns>(set && `${set}/columns`, { read: readSet })
  const cell = columns.value?.cells[0]
  const probabilities = useAsked<Float32Array>(
    set && cell !== undefined ? `${set}/predictions?cell=${encodeURIComponent(cell)}` : null,
    { read: readFloats },
  )
  const [picked, setOf] = useState('')
  const [method, setMethod] = useState<MapMethod>('pca')
  const [by, setBy] = useState<Grouping>('center')
  const of = picked || (list.value?.embeddings[0]?.name ?? '')
  const { map, progress, failure } = useMap(of === '' ? null : { at, of, method })
  const failures = [list.failure, columns.failure, probabilities.failure, failure]
  const isMissing = !failures.some(Boolean) && (!columns.value || !map)
  if (list.value?.note) return <Notice kind="note" title={list.value.note} />
  return (
    <>
      {list.value && (
        <div class="map-options">
          <ChoiceField
            name="Embeddings (stain / extractor)"
            value={of}
            all={list.value.embeddings.map((own) => own.name)}
            isRequired
            onChange={setOf}
          />
          <ChoiceField
            name="Method"
            value={method}
            all={methods}
            isRequired
            onChange={(next) => setMethod(next as MapMethod)}
          />
          <ChoiceField
            name="Colour by"
            value={by}
            all={groupings}
            isRequired
            onChange={(next) => setBy(next as Grouping)}
          />
        </div>
      )}
      {failures.map((one) => one && <FailureNotice key={one.message} failure={one} />)}
      {isMissing && progress && (
        <Progress label={progress.what} done={progress.done} total={progress.total} unit={progress.unit} />
      )}
      {isMissing && !progress && <p aria-busy="true">Reading what is known of the patches ...</p>}
      {columns.value && map && (
        <MapView
          key={`${map.of} ${map.method}`}
          map={map}
          columns={columns.value}
          probabilities={probabilities.value}
          by={by}
        />
      )}
    </>
  )
}

interface Wanted {
  readonly at: string
  readonly of: string
  readonly method: MapMethod
}

interface FoundMap {
  readonly map: EmbeddingMap | null
  readonly progress: MapProgress | null
  readonly failure: Failure | null
}

function useMap(wanted: Wanted | null): FoundMap {
  const path = wanted && `${wanted.at}/map?of=${encodeURIComponent(wanted.of)}&method=${wanted.method}`
  const none = { map: null, progress: null, failure: null }
  const [found, setFound] = useState<FoundMap & { path: string | null }>({ ...none, path })
  useEffect(() => {
    if (path === null) return
    const ended = new AbortController()
    const { signal } = ended
    askLong<MapProgress>(
      path,
      (progress) => !signal.aborted && setFound({ ...none, progress, path }),
      signal,
    ).then(
      (bytes) => !signal.aborted && setFound({ ...none, map: readMap(bytes), path }),
      (cause) => !signal.aborted && setFound({ ...none, failure: describeFailure(cause), path }),
    )
    return () => ended.abort()
  }, [path])
  return found.path === path ? found : none
}

function MapView({
  map,
  columns,
  probabilities,
  by,
}: {
  readonly map: EmbeddingMap
  readonly columns: SetColumns
  readonly probabilities: Float32Array | null
  readonly by: Grouping
}) {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const grouped = useMemo(
    () => groupPoints(map, columns, by, probabilities),
    [map, columns, by, probabilities],
  )
  const wholly = useMemo(() => findWhole(grouped.of, grouped.groups.length, chosen), [grouped, chosen])
  const rows = useMemo(() => [...chosen].sort((a, b) => a - b).map((point) => map.row[point]), [chosen, map])
  const toggle = (place: number) => {
    const next = new Set(chosen)
    grouped.of.forEach((own, point) => {
      if (own !== place) return
      if (wholly.has(place)) next.delete(point)
      else next.add(point)
    })
    setChosen(next)
  }
  const shown = map.row.length
  const isPart = shown < map.total
  return (
    <>
      <div class="row summary">
        <span role="status">
          {isPart ? `${formatCount(shown)} of ` : ''}
          {formatNumber(map.total, 'patch', 'patches')} shown, {formatCount(chosen.size)} chosen
        </span>
        <OriginBadge origin={map.origin} />
        <button type="button" disabled={chosen.size === 0} onClick={() => setChosen(new Set())}>
          Choose none
        </button>
      </div>
      <div class="map">
        <figure>
          <Plot
            map={map}
            grouped={grouped}
            chosen={chosen}
            label={`Map of ${formatNumber(shown, 'patch', 'patches')} by ${map.of}, coloured by ${by}`}
            onChoose={(points) => setChosen(new Set(points))}
          />
          <figcaption>
            {describeAxes(map)}
            {isPart &&
              ` Of ${formatCount(map.total)} patches, ${formatCount(shown)} were drawn by the content of their embeddings, the same ones each time.`}
            {by === 'prediction' && columns.cells[0] && ` Predictions are those of ${columns.cells[0]}.`}
          </figcaption>
        </figure>
        <div>
          <p class="soft">
            Draw a line around points with the mouse, a pen or a finger, or choose groups here.
          </p>
          <Legend by={by} groups={grouped.groups} chosen={wholly} onToggle={toggle} />
        </div>
      </div>
      {rows.length > 0 && <Chosen columns={columns} rows={rows} />}
    </>
  )
}

function findWhole(of: Uint16Array, count: number, chosen: ReadonlySet<number>): ReadonlySet<number> {
  const whole = new Set(Array.from({ length: count }, (_, place) => place))
  of.forEach((place, point) => {
    if (!chosen.has(point)) whole.delete(place)
  })
  return whole
}

function describeAxes({ method, explained }: EmbeddingMap): string {
  const scaled = 'Each column of the embeddings was scaled to mean 0 and standard deviation 1.'
  if (method === 'pca' && explained) {
    const [first, second] = explained.map((share) => `${(100 * share).toFixed(1)} %`)
    return `Left to right: the first principal component, which holds ${first} of the variance; upwards: the second, ${second}. ${scaled}`
  }
  return `UMAP with 15 neighbours, smallest distance 0.1, seed 0, on at most 50 principal components. Its axes have no meaning, and neither have distances between groups that lie apart. ${scaled}`
}
