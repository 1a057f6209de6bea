// What the folders around pictures mean. Each level is a part (train, val ...), a label (0, 1, normal, tumor ...) or a
// center; which, the words of the level decide, all of them together. What could be read in two ways is refused with the
// ways to say it.

import { DataError, UnknownNameError, UsageError } from '../base/index.ts'
import { type LabelNames, partNames, readLabel } from './names.ts'

/** What a level of folders may be; `-` is none of the others. */
export const levelNames = ['part', 'center', 'patient', 'slide', 'label', '-'] as const
export type FolderLevel = (typeof levelNames)[number]

/** Levels as an option or a recipe gives them, outermost first: `part/center/label`. Throws UnknownNameError, or UsageError where one is there twice. */
export function parseLevels(where: string, text: string): FolderLevel[] {
  const levels = text.split('/').map((word) => word.trim())
  for (const [i, level] of levels.entries()) {
    if (!levelNames.includes(level as FolderLevel)) throw new UnknownNameError(where, level, levelNames)
    if (level !== '-' && levels.indexOf(level) !== i) {
      throw new UsageError({ where, expected: 'each level once', got: `'${text}'` })
    }
  }
  return levels as FolderLevel[]
}

/** What levels of folders were read as. */
export interface ReadLevels {
  /** Outermost first. */
  readonly levels: FolderLevel[]
  /** A sentence where words that nobody knows were taken for centers and there are no labels: they may be meant as such. */
  readonly doubt?: string
}

/** What each level is of `folders`, those above each picture, outermost first. Throws DataError where that is not certain. */
export function readLevels(
  source: string,
  folders: readonly (readonly string[])[],
  names: LabelNames,
): ReadLevels {
  const depth = requireOneDepth(source, folders)
  const words = Array.from({ length: depth }, (_, level) => [
    ...new Set(folders.map((above) => above[level].toLowerCase())),
  ])
  const kinds = words.map((level) => readLevel(source, level, names))
  const levels = resolveLevels(source, kinds, words)
  const unknown = words[kinds.indexOf('free')]
  return unknown && !levels.includes('label') ? { levels, doubt: describeDoubt(unknown) } : { levels }
}

function describeDoubt(words: readonly string[]): string {
  const [first, second] = words
  const example = second === undefined ? `${first}=0` : `${first}=0,${second}=1`
  return `the folders ${list(words)} were read as centers; where they are labels, say which, e.g. --label-names ${example} (labelNames in a recipe), and where they are none, --folders -`
}

/** Whether the outermost folders are parts, all of them; the folders in each may look different, and pictures lie beside them. */
export function findOutermostParts(folders: readonly (readonly string[])[]): boolean {
  const inFolders = folders.filter((above) => above.length > 0)
  return inFolders.length > 0 && inFolders.every(([first]) => isPart(first.toLowerCase()))
}

function isPart(word: string): boolean {
  return Object.hasOwn(partNames, word)
}

/** How deep all pictures lie. Throws DataError where they do not lie equally deep. */
export function requireOneDepth(source: string, folders: readonly (readonly string[])[]): number {
  const examples = new Map(folders.map((above) => [above.length, above.join('/')]))
  if (examples.size <= 1) return folders[0]?.length ?? 0
  const got = [...examples]
    .sort(([a], [b]) => a - b)
    .map(([depth, path]) => `${depth} (${path || 'in the folder itself'})`)
  throw new DataError({
    where: source,
    expected: 'all pictures the same number of folders deep',
    got: got.join(' and '),
    hint: `${findOutermostParts(folders) ? 'open a part alone with --part, ' : ''}move those that do not belong, or list the pictures in a CSV`,
  })
}

type Kind = 'part' | 'word label' | 'number label' | 'free'

// One level by all its words.
function readLevel(source: string, words: readonly string[], names: LabelNames): Kind {
  const isNumber = (word: string) => /^\d+$/.test(word) && !Object.hasOwn(names, word)
  const isLabel = (word: string) => readLabel(word, names) !== undefined
  const parts = words.filter(isPart)
  if (parts.length === words.length) return 'part'
  if (parts.length > 0) refuseMixture(source, 'parts', words, parts)
  if (words.every(isLabel)) return words.every(isNumber) ? 'number label' : 'word label'
  const labels = words.filter((word) => isLabel(word) && !isNumber(word))
  if (labels.length > 0) refuseMixture(source, 'labels', words, labels)
  return 'free'
}

function refuseMixture(
  source: string,
  what: string,
  words: readonly string[],
  known: readonly string[],
): never {
  const other = words.find((word) => !known.includes(word))!
  throw new DataError({
    where: source,
    expected: `folders beside each other that are all ${what} or none`,
    got: `${list(known)} beside ${list(words.filter((word) => !known.includes(word)))}`,
    hint:
      what === 'labels'
        ? `say what they are, --label-names ${other}=0 or =1, or what the level is, --folders center`
        : 'say what the level is, e.g. --folders center/label',
  })
}

function resolveLevels(
  source: string,
  kinds: readonly Kind[],
  words: readonly (readonly string[])[],
): FolderLevel[] {
  const at = (kind: Kind) => kinds.flatMap((found, level) => (found === kind ? [level] : []))
  const [parts, labels, numbers, free] = [at('part'), at('word label'), at('number label'), at('free')]
  const refuse = (got: string): never => {
    const examples = words.map((level) => list(level)).join(' / ')
    throw new DataError({
      where: source,
      expected: 'folders that can be read in one way',
      got: `${got}: ${examples}`,
      hint: `say what each level is, outermost first, with --folders and ${levelNames.join(', ')}: --folders center/label`,
    })
  }
  if (parts.length > 1) refuse('two levels of parts')
  if (labels.length > 1) refuse('two levels of labels')
  // 0 and 1 are numbers of centers too: labels only where nothing else is one, and nothing but parts lies below them.
  const label = labels[0] ?? numbers.at(-1)
  const centers = [...free, ...numbers.filter((level) => level !== label)].sort()
  if (labels.length === 0 && numbers.length > 1) refuse('two levels of 0 and 1')
  if (labels.length === 0 && numbers.length === 1 && free.some((level) => level > numbers[0])) {
    refuse('0 and 1, which may be centers or labels')
  }
  if (centers.length > 1) refuse('two levels that are neither parts nor labels')
  return kinds.map((_, level) => (level === parts[0] ? 'part' : level === label ? 'label' : 'center'))
}

function list(words: readonly string[]): string {
  const shown = words.slice(0, 4).join(', ')
  return words.length > 4 ? `${shown} and ${words.length - 4} more` : shown
}
