// Doubts the label of a patch: it is kept in a file beside the runs, never in the data.

import { useState } from 'preact/hooks'
import type { Doubt, DoubtedAs, SetColumns, SetDoubts } from '../../../../src/serve/browser.ts'
import { postJson } from '../../ask.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { describeFailure, type Failure } from '../../workers/talk.ts'
import { nameLabel } from './choose.ts'

const choices: readonly DoubtedAs[] = ['tumour', 'normal', 'unclear']

export interface DoubtFormProps {
  readonly columns: SetColumns
  readonly row: number
  readonly doubt: Doubt | undefined
  readonly onDoubts: (doubts: SetDoubts) => void
}

export function DoubtForm({ columns, row, doubt, onDoubts }: DoubtFormProps) {
  const [as, setAs] = useState<DoubtedAs>(doubt?.as ?? 'unclear')
  const [note, setNote] = useState(doubt?.note ?? '')
  const [said, setSaid] = useState('')
  const [failure, setFailure] = useState<Failure | null>(null)
  const send = async (what: DoubtedAs | null) => {
    setFailure(null)
    try {
      const doubts = await postJson<SetDoubts>(`/api/sets/${encodeURIComponent(columns.id)}/doubts`, {
        index: row,
        as: what,
        note,
      })
      setSaid(what === null ? 'The doubt was taken back.' : `Kept in ${doubts.file}.`)
      onDoubts(doubts)
    } catch (cause) {
      setFailure(describeFailure(cause))
    }
  }
  return (
    <section class="doubt">
      <h3>Doubt the label</h3>
      <p class="soft">
        The data say {nameLabel(columns.label[row])}. A doubt is kept beside the runs; the data stay as they
        are.
      </p>
      <fieldset class="choice">
        <legend class="hidden">What the patch shows</legend>
        {choices.map((choice) => (
          <label key={choice}>
            <input type="radio" name="as" checked={as === choice} onChange={() => setAs(choice)} />
            {choice}
          </label>
        ))}
      </fieldset>
      <label class="note">
        Note
        <input
          type="text"
          class="wide"
          maxLength={2000}
          value={note}
          onInput={({ currentTarget }) => setNote(currentTarget.value)}
        />
      </label>
      <div class="row">
        <button type="button" class="main" onClick={() => send(as)}>
          {doubt ? 'Change the doubt' : 'Doubt the label'}
        </button>
        {doubt && (
          <button type="button" onClick={() => send(null)}>
            Take it back
          </button>
        )}
      </div>
      <p role="status" class="status">
        {said || (doubt ? `Doubted as ${doubt.as}.` : '')}
      </p>
      {failure && <FailureNotice failure={failure} />}
    </section>
  )
}
