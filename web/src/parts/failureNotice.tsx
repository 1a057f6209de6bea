// An error of the library as a notice: where, what was expected and got, and what to do.

import type { Failure } from '../workers/talk.ts'
import { Notice } from './notice.tsx'

export function FailureNotice({ failure: { message, parts } }: { readonly failure: Failure }) {
  if (!parts) return <Notice kind="error" title={message} />
  const { where, expected, got, hint } = parts
  const said = [expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ')
  return (
    <Notice kind="error" title={where}>
      {said}
      {hint && `; ${hint}`}
    </Notice>
  )
}
