// What is shown of a set, and in which order.

import type { SetColumns } from '../../../../src/serve/browser.ts'
import { ChoiceField, TextField } from '../../parts/field.tsx'
import { type Filters, noFilters, type Order, orders } from './choose.ts'

export interface FilterBarProps {
  readonly columns: SetColumns
  readonly filters: Filters
  readonly onFilters: (filters: Filters) => void
  readonly order: Order
  readonly onOrder: (order: Order) => void
  /** The cells by whose probabilities is filtered and ordered. */
  readonly pair: { readonly first: string; readonly second: string }
  readonly onPair: (pair: { first: string; second: string }) => void
}

export function FilterBar({ columns, filters, onFilters, order, onOrder, pair, onPair }: FilterBarProps) {
  const { splitNames, centerNames, slideNames, ruleNames, verdictNames, stains, cells } = columns
  const set =
    <Name extends keyof Filters>(name: Name) =>
    (value: string) =>
      onFilters({ ...filters, [name]: value as Filters[Name] })
  const hasCells = cells.length > 0
  const sorts = Object.keys(orders) as Order[]
  const possible = sorts.filter((one) => one === 'set' || (hasCells && (one !== 'apart' || cells.length > 1)))
  const isFiltered = JSON.stringify(filters) !== JSON.stringify(noFilters)
  const verdicts = stains.flatMap((stain) => verdictNames.filter(Boolean).map((word) => `${stain}: ${word}`))
  return (
    <search class="filters" aria-label="What is shown">
      {splitNames.length > 0 && (
        <ChoiceField name="Split" value={filters.split} all={splitNames} onChange={set('split')} />
      )}
      {centerNames.length > 0 && (
        <ChoiceField
          name="Center"
          value={filters.center}
          all={sorted(centerNames)}
          onChange={set('center')}
        />
      )}
      {slideNames.length > 0 && (
        <ChoiceField name="Slide" value={filters.slide} all={sorted(slideNames)} onChange={set('slide')} />
      )}
      <ChoiceField
        name="Label"
        value={filters.label}
        all={['tumour', 'normal', 'unknown']}
        onChange={set('label')}
      />
      {hasCells && (
        <ChoiceField
          name="Prediction"
          value={filters.prediction}
          all={['tumour', 'normal', 'right', 'wrong']}
          onChange={set('prediction')}
        />
      )}
      {ruleNames.length > 1 && (
        <ChoiceField
          name="Quality"
          value={filters.rule}
          all={['passed', 'rejected', ...ruleNames.filter(Boolean)]}
          onChange={set('rule')}
        />
      )}
      {verdicts.length > 0 && (
        <ChoiceField name="Stain verdict" value={filters.verdict} all={verdicts} onChange={set('verdict')} />
      )}
      <ChoiceField name="Marked" value={filters.mark} all={['chosen', 'doubted']} onChange={set('mark')} />
      <TextField name="Id" value={filters.id} size={8} onInput={set('id')} />
      {hasCells && (
        <ChoiceField
          name="Cell"
          value={pair.first}
          all={cells}
          isRequired
          onChange={(first) => onPair({ ...pair, first })}
        />
      )}
      <ChoiceField
        name="Order"
        value={order}
        all={possible.map((one) => [one, orders[one]] as const)}
        isRequired
        onChange={(one) => onOrder(one as Order)}
      />
      {order === 'apart' && (
        <ChoiceField
          name="Second cell"
          value={pair.second}
          all={cells}
          isRequired
          onChange={(second) => onPair({ ...pair, second })}
        />
      )}
      <button type="button" disabled={!isFiltered} onClick={() => onFilters(noFilters)}>
        Show all
      </button>
    </search>
  )
}

function sorted(names: readonly string[]): string[] {
  return [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}
