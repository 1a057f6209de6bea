// What an error may say: a few lines for a person, without what a terminal must not get and without the words by which
// programs give themselves away.

const mostCharacters = 1500
const mostLines = 8

/** What is wrong with a message, or undefined. */
export function oddityOf(message: string): string | undefined {
  const lines = message.split('\n').length
  if (message.length > mostCharacters || lines > mostLines) {
    return `a message of ${message.length} characters on ${lines} lines: ${message.slice(0, 300)}`
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not reach a terminal
  const isOdd = /[\0-\x08\x0b-\x1f\x7f]|\bdefect\b|\bundefined\b|\[object|\bNaN bytes/.test(message)
  return isOdd ? `the message ${JSON.stringify(message)}` : undefined
}
