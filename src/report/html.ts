// Markup that cannot be injected into: everything put into an html`...` template is escaped, except markup
// that came out of such a template itself.

import type { Figure } from './figure.ts'

/** Markup that is safe to put into a page. */
export interface Html {
  readonly markup: string
  /** The figures that stand in it, in their order; not there where there are none. */
  readonly figures?: readonly Figure[]
}

/** What may stand in a template: text and numbers are escaped, lists joined, null and false left out. */
export type Part = Html | string | number | null | undefined | false | readonly Part[]

/** Builds markup from a template; every interpolated text is escaped. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0]
  for (let i = 0; i < parts.length; i++) markup += renderPart(parts[i]) + strings[i + 1]
  const figures = parts.flatMap(listFigures)
  return figures.length > 0 ? { markup, figures } : { markup }
}

/** Declares text to be markup. Only for markup that this room made and escaped itself, such as a chart. */
export function trustMarkup(markup: string): Html {
  return { markup }
}

/** Markup that is a figure of its own, to be had beside the page as well. */
export function markFigure({ markup }: Html, figure: Omit<Figure, 'svg'>): Html {
  return { markup, figures: [{ ...figure, svg: markup }] }
}

function listFigures(part: Part): readonly Figure[] {
  if (typeof part !== 'object' || part === null) return []
  return 'markup' in part ? (part.figures ?? []) : part.flatMap(listFigures)
}

/** Text as it must be written between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character])
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function renderPart(part: Part): string {
  if (part === null || part === undefined || part === false) return ''
  if (typeof part === 'object') return 'markup' in part ? part.markup : part.map(renderPart).join('')
  return escapeHtml(String(part))
}
