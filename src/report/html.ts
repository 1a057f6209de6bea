// Markup that cannot be injected into: everything put into an html`...` template is escaped, except markup
// that came out of such a template itself.

/** Markup that is safe to put into a page. */
export interface Html {
  readonly markup: string
}

/** What may stand in a template: text and numbers are escaped, lists joined, null and false left out. */
export type Part = Html | string | number | null | undefined | false | readonly Part[]

/** Builds markup from a template; every interpolated text is escaped. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0]
  for (let i = 0; i < parts.length; i++) markup += renderPart(parts[i]) + strings[i + 1]
  return { markup }
}

/** Declares text to be markup. Only for markup that this room made and escaped itself, such as a chart. */
export function trustMarkup(markup: string): Html {
  return { markup }
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
