// Markdown (CommonMark with tables) of text from data: nothing in it can be markup.

/** Text as it must be written in a line of Markdown, in a table too. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]#|~^$!]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}

/** A table; its head and cells are Markdown already. `align` has one letter a column, `l` or `r`. */
export function tableMarkdown(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: string,
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const rule = head.map((_, i) => (align[i] === 'r' ? '--:' : ':--'))
  return [head, rule, ...rows].map(line).join('')
}
