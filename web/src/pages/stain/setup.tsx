// What is done to the pictures: method, reference and options, and the same as a recipe and as commands.

import { useState } from 'preact/hooks'
import { CopyButton } from '../../parts/copyButton.tsx'
import { FileDrop } from '../../parts/fileDrop.tsx'
import { OptionField } from '../../parts/optionField.tsx'
import { printCommands, printRecipeEntry } from './texts.ts'
import { type Bench, methods } from './useBench.ts'

export function Setup({ bench }: { readonly bench: Bench }) {
  const { method: name, options, references, pictures } = bench
  const method = methods[name]
  const names = references.flatMap((id) => pictures.find((picture) => picture.id === id)?.name ?? [])
  const { needsReference, defaults, rules } = method
  const choice = { method: name, needsReference, defaults, options, references: names }
  const optionNames = Object.keys(rules)
  return (
    <section class="setup" aria-label="Method">
      <div class="option">
        <label for="method">method</label>
        <select
          id="method"
          value={name}
          onChange={({ currentTarget }) => bench.setMethod(currentTarget.value)}
        >
          {Object.keys(methods).map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
      <p class="soft">{method.about}</p>
      {needsReference && <Reference bench={bench} names={names} />}
      {optionNames.length > 0 && (
        <fieldset>
          <legend>Options</legend>
          {optionNames.map((option) => (
            <OptionField
              key={`${name} ${option} ${bench.resets}`}
              name={option}
              rule={rules[option]}
              usual={defaults[option]}
              value={options[option]}
              onChange={(value) => bench.setOption(option, value)}
            />
          ))}
          <button type="button" onClick={bench.resetOptions}>
            Reset the options
          </button>
        </fieldset>
      )}
      <details>
        <summary>As a recipe and as commands</summary>
        <pre>{printRecipeEntry(choice)}</pre>
        <CopyButton label="Copy as recipe" text={printRecipeEntry(choice)} />
        <pre>{printCommands(choice)}</pre>
        <CopyButton label="Copy as command" text={printCommands(choice)} />
      </details>
    </section>
  )
}

function Reference({ bench, names }: { readonly bench: Bench; readonly names: readonly string[] }) {
  const [isOver, setOver] = useState(false)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button "reference" of each picture does the same from the keyboard
    <div
      class={`reference${isOver ? ' over' : ''}`}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('application/x-eosin-picture')) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false)
        const id = event.dataTransfer?.getData('application/x-eosin-picture')
        if (!id) return
        event.preventDefault()
        if (!bench.references.includes(id)) bench.toggleReference(id)
      }}
    >
      <h2>Reference</h2>
      {names.length === 0 ? (
        <p>The published target of the method.</p>
      ) : (
        <ul class="chips">
          {bench.references.map((id, i) => (
            <li key={id}>
              {names[i]}{' '}
              <button
                type="button"
                aria-label={`Do not use ${names[i]} as reference`}
                onClick={() => bench.toggleReference(id)}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <FileDrop
        label="reference pictures"
        accept="image/png,image/jpeg"
        isMultiple
        onFiles={(files) => bench.take(files, true)}
      >
        <p class="soft">A picture of the bench can be dragged here, too.</p>
      </FileDrop>
    </div>
  )
}
