// LaTeX of text from data: nothing in it can be a command.

const COMMANDS: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': "''",
  '[': '{[}', // at the beginning of a row it would be an option of the line break before it
  '*': '{*}',
  '–': '--',
  '−': '$-$',
  '±': '$\\pm$',
  '≥': '$\\geq$',
  '×': '$\\times$',
  '\u202f': '\\,',
  '\u00a0': '~',
}

/** Text as it must be written in a line of LaTeX, in a table and in math-free text. */
export function escapeLatex(text: string): string {
  return text
    .replace(/[^\S\u202f\u00a0]+/g, ' ')
    .replace(
      /[&%$#_{}]|[\\~^<>|"[*–−±≥×\u202f\u00a0]/g,
      (character) => COMMANDS[character] ?? `\\${character}`,
    )
}
