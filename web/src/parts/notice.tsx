// One message to the user: what happened, and what to do.

import type { ComponentChildren } from 'preact'

export interface NoticeProps {
  /** `error`: something could not be done; `warning`: done, with something to know; `note`: to know. */
  readonly kind: 'error' | 'warning' | 'note'
  readonly title: string
  readonly children?: ComponentChildren
}

/** Errors are read out by a screen reader at once, the others when it is their turn. */
export function Notice({ kind, title, children }: NoticeProps) {
  return (
    <div class={`notice ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      <strong>{title}</strong>
      {children && <span>{children}</span>}
    </div>
  )
}
