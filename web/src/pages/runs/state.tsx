// The state of a run, by its word; the dot beside it has a colour.

import type { RunState } from '../../../../src/serve/browser.ts'

const verdicts: Readonly<Record<RunState, string>> = {
  starting: 'fallback',
  running: 'fallback',
  done: 'ok',
  stopped: 'passthrough',
  failed: 'rejected',
  damaged: 'rejected',
}

export function State({ state }: { readonly state: RunState }) {
  return <span class={`v-${verdicts[state]}`}>{state}</span>
}
