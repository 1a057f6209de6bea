// A choice among names, or a text, with its label above it.

import { useId } from 'preact/hooks'

export interface ChoiceFieldProps {
  readonly name: string
  readonly value: string
  /** What can be chosen: values, or values with what is shown of them. */
  readonly all: readonly (string | readonly [value: string, shown: string])[]
  /** One of them is always chosen; else `any` is offered too, as ''. */
  readonly isRequired?: boolean
  readonly onChange: (value: string) => void
}

export function ChoiceField({ name, value, all, isRequired = false, onChange }: ChoiceFieldProps) {
  const id = useId()
  const shown = all.map((one) => (typeof one === 'string' ? ([one, one] as const) : one))
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {!isRequired && <option value="">any</option>}
        {shown.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}

export interface TextFieldProps {
  readonly name: string
  readonly value: string
  readonly size?: number
  readonly onInput: (value: string) => void
}

export function TextField({ name, value, size, onInput }: TextFieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <input
        id={id}
        type="text"
        size={size}
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    </div>
  )
}
