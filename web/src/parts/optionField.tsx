// One option of a method, as its rule says: a slider with a number beside it, a choice, a switch, or JSON.

import { useId, useState } from 'preact/hooks'
import { flag, type OptionRule } from '../../../src/base/index.ts'
import { openScale, sliderSteps } from './sliderScale.ts'

export interface OptionFieldProps {
  /** The option's name, as recipes write it. */
  readonly name: string
  readonly rule: OptionRule
  readonly usual: unknown
  readonly value: unknown
  readonly onChange: (value: unknown) => void
}

export function OptionField(props: OptionFieldProps) {
  const { name, rule, usual, value } = props
  const isChanged = JSON.stringify(value) !== JSON.stringify(usual)
  const id = useId()
  return (
    <div class={`option${isChanged ? ' changed' : ''}`}>
      <label for={id}>{name}</label>
      {pickControl(props, id)}
      {isChanged && (
        <small>
          default {typeof usual === 'string' ? usual : JSON.stringify(usual)}
          <span class="hidden"> of {name}</span>
        </small>
      )}
      <small class="hidden" id={`${id}-rule`}>
        {rule.expected}
      </small>
    </div>
  )
}

function pickControl({ rule, usual, value, onChange, name }: OptionFieldProps, id: string) {
  if (rule.names) {
    return (
      <select id={id} value={String(value)} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {rule.names.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    )
  }
  if (rule === flag) {
    return (
      <input
        id={id}
        type="checkbox"
        checked={Boolean(value)}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    )
  }
  if (rule.range && typeof usual === 'number') {
    const scale = openScale(rule.range, usual)
    return (
      <span class="slider">
        <input
          type="range"
          min={0}
          max={sliderSteps}
          step={1}
          value={scale.toStep(Number(value))}
          aria-label={`${name}, slider`}
          aria-valuetext={String(value)}
          onInput={({ currentTarget }) => {
            const next = scale.toValue(Number(currentTarget.value))
            if (next !== value && rule.accepts(next)) onChange(next)
          }}
        />
        <CheckedInput id={id} rule={rule} value={value} onChange={onChange} />
      </span>
    )
  }
  return <CheckedInput id={id} rule={rule} value={value} onChange={onChange} isWide />
}

interface CheckedInputProps {
  readonly id: string
  readonly rule: OptionRule
  readonly value: unknown
  readonly onChange: (value: unknown) => void
  readonly isWide?: boolean
}

// What is typed is taken where the rule accepts it; else it is marked, with what was expected, and the value stays.
function CheckedInput({ id, rule, value, onChange, isWide }: CheckedInputProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const isGood = (text: string) => rule.accepts(parse(text))
  const isWrong = typed !== null && !isGood(typed)
  const isOld = typed !== null && !isWrong && JSON.stringify(parse(typed)) !== JSON.stringify(value)
  return (
    <>
      <input
        id={id}
        type="text"
        inputMode={isWide ? undefined : 'decimal'}
        class={isWide ? 'wide' : 'number'}
        value={typed === null || isOld ? JSON.stringify(value) : typed}
        aria-describedby={`${id}-rule`}
        aria-invalid={isWrong}
        onInput={({ currentTarget: { value: text } }) => {
          setTyped(text)
          if (isGood(text)) onChange(parse(text))
        }}
      />
      {isWrong && (
        <small class="wrong" role="status">
          expected {rule.expected}
        </small>
      )}
    </>
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
