// How real the pixels are, in plain words: a badge beside every section of metrics, a notice at the top.

import type { Origin } from '../patches/patchSet.ts'
import { type Html, html } from './html.ts'

const ORIGINS: Readonly<Record<Origin, { readonly badge: string; readonly sentence: string }>> = {
  synthetic: {
    badge: 'SYNTHETIC',
    sentence:
      'The patches were drawn by a program. The metrics show that the pipeline works; they say nothing about how well it would do on tissue.',
  },
  'semi-synthetic': {
    badge: 'SEMI-SYNTHETIC',
    sentence:
      'Photographs of tissue that were altered by a program, for instance stained anew. The metrics do not carry over to slides as scanned.',
  },
  real: { badge: 'REAL TISSUE', sentence: 'Patches of scanned slides, as they were published.' },
  unknown: {
    badge: 'ORIGIN UNKNOWN',
    sentence: 'The data does not say whether its pixels are real. Read every metric with that in mind.',
  },
}

/** The badge's words and their meaning, where there is no page for a badge. */
export function sayOrigin(origin: Origin): string {
  const { badge, sentence } = ORIGINS[origin]
  return `${badge}: ${sentence}`
}

/** The badge that stands beside metrics. */
export function renderOrigin(origin: Origin): Html {
  const { badge, sentence } = ORIGINS[origin]
  return html`<span class="badge${origin === 'real' && ' real'}" title="${sentence}">${badge}</span>`
}

/** The badge with its meaning. */
export function explainOrigin(origin: Origin): Html {
  return html`<p class="notice${origin === 'real' && ' real'}">${renderOrigin(origin)}<span>${ORIGINS[origin].sentence}</span></p>`
}
