// What the shapes and colours of points mean; each group can be chosen, by the keyboard too.

import { formatCount } from '../../parts/numbers.ts'
import type { Group, Grouping } from './groups.ts'
import { outline } from './shapes.ts'

export function Legend({
  by,
  groups,
  chosen,
  onToggle,
}: {
  readonly by: Grouping
  readonly groups: readonly Group[]
  /** Places of groups all of whose points are chosen. */
  readonly chosen: ReadonlySet<number>
  readonly onToggle: (place: number) => void
}) {
  return (
    <fieldset class="legend">
      <legend>By {by}: choose a group</legend>
      {groups.map(({ name, colour, shape, count }, place) => (
        <button key={name} type="button" aria-pressed={chosen.has(place)} onClick={() => onToggle(place)}>
          <svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">
            <path d={outline(shape, 5.5)} fill={`var(${colour})`} />
          </svg>
          {name} <small>{formatCount(count)}</small>
        </button>
      ))}
    </fieldset>
  )
}
