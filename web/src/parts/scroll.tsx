// What may be wider than its place and then scrolls sideways, by the keyboard too.

import type { ComponentChildren } from 'preact'

export interface ScrollProps {
  /** What is inside, for a screen reader. */
  readonly label: string
  readonly children: ComponentChildren
}

export function Scroll({ label, children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys scroll it
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}
