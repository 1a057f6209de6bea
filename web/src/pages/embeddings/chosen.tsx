// The patches that were chosen on the map, as pictures that lead to them.

import { useEffect, useRef, useState } from 'preact/hooks'
import { type SetColumns, thumbnailSides } from '../../../../src/serve/browser.ts'
import { askBytes, useAsked } from '../../ask.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { formatNumber } from '../../parts/numbers.ts'
import { nameLabel } from '../patches/choose.ts'

const page = 96
const pixels = 96

export function Chosen({
  columns,
  rows,
}: {
  readonly columns: SetColumns
  readonly rows: readonly number[]
}) {
  const [count, setCount] = useState(page)
  useEffect(() => setCount(page), [rows])
  const shown = rows.slice(0, count)
  const starts = Array.from({ length: Math.ceil(shown.length / page) }, (_, i) => i * page)
  return (
    <section class="chosen" aria-labelledby="chosen-title">
      <h2 id="chosen-title">{formatNumber(rows.length, 'patch', 'patches')} chosen</h2>
      <ul class="thumbs">
        {starts.map((start) => (
          <Thumbs key={start} columns={columns} rows={shown.slice(start, start + page)} />
        ))}
      </ul>
      {rows.length > shown.length && (
        <button type="button" onClick={() => setCount(count + page)}>
          Show {Math.min(page, rows.length - shown.length)} more of {rows.length - shown.length}
        </button>
      )}
    </section>
  )
}

function Thumbs({ columns, rows }: { readonly columns: SetColumns; readonly rows: readonly number[] }) {
  const set = encodeURIComponent(columns.id)
  const { value, failure } = useAsked<Uint8Array>(`/api/sets/${set}/pixels?rows=${rows}&size=${pixels}`, {
    read: askBytes,
  })
  const sides = thumbnailSides(columns, pixels)
  const bytes = sides.height * sides.width * 3
  if (failure) return <FailureNotice failure={failure} />
  return rows.map((row, i) => (
    <li key={row}>
      <a href={`#/patches/${set}/${row}`} aria-label={describe(columns, row)} title={describe(columns, row)}>
        <Thumb sides={sides} data={value?.subarray(i * bytes, (i + 1) * bytes)} />
      </a>
    </li>
  ))
}

function Thumb({
  sides: { height, width },
  data,
}: {
  readonly sides: { readonly height: number; readonly width: number }
  readonly data: Uint8Array | undefined
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (!data) return
    const context = canvas.current!.getContext('2d')!
    const image = context.createImageData(width, height)
    for (let from = 0, to = 0; from < data.length; from += 3, to += 4)
      image.data.set([data[from], data[from + 1], data[from + 2], 255], to)
    context.putImageData(image, 0, 0)
  }, [data, height, width])
  return <canvas ref={canvas} width={width} height={height} />
}

function describe({ ids, label, center, centerNames, split, splitNames }: SetColumns, row: number): string {
  const name = centerNames[center[row]]
  return [
    `patch ${ids[row]}`,
    `split ${splitNames[split[row]]}`,
    `label ${nameLabel(label[row])}`,
    name !== undefined && `center ${name}`,
  ]
    .filter(Boolean)
    .join(', ')
}
