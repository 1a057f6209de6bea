// All pictures of the bench, small: which one is shown large, which are references, and of which center each is.

import { Picture } from '../../parts/picture.tsx'
import type { Bench } from './useBench.ts'

export interface ShelfProps {
  readonly bench: Bench
  readonly shown: string
  readonly onShow: (id: string) => void
}

export function Shelf({ bench, shown, onShow }: ShelfProps) {
  const { pictures, references, work } = bench
  return (
    <ul class="shelf" aria-label="Pictures">
      {pictures.map(({ id, name, center, before }) => {
        const outcome = work.outcomes.get(id)
        const isReference = references.includes(id)
        return (
          <li key={id} class={id === shown ? 'shown' : ''}>
            <button
              type="button"
              class="thumbs"
              draggable
              aria-pressed={id === shown}
              aria-label={`Show ${name}`}
              onDragStart={(event) => event.dataTransfer?.setData('application/x-eosin-picture', id)}
              onClick={() => onShow(id)}
            >
              <Picture bitmap={before} label="" />
              {outcome && <Picture bitmap={outcome.after} label="" />}
            </button>
            <span class="name" title={name}>
              {name}
            </span>
            <span class={outcome ? `v-${outcome.verdict}` : 'soft'} title={outcome?.reason ?? undefined}>
              {outcome ? outcome.verdict : 'waiting'}
            </span>
            <label>
              center{' '}
              <input
                type="text"
                value={center}
                aria-label={`Center of ${name}`}
                onChange={({ currentTarget }) => bench.setCenter(id, currentTarget.value.trim())}
              />
            </label>
            <span class="buttons">
              <button
                type="button"
                aria-pressed={isReference}
                aria-label={`Use ${name} as reference`}
                onClick={() => bench.toggleReference(id)}
              >
                reference
              </button>
              <button type="button" aria-label={`Remove ${name}`} onClick={() => bench.drop([id])}>
                remove
              </button>
            </span>
          </li>
        )
      })}
    </ul>
  )
}
