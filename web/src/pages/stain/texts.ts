// What the bench shows, as a recipe's entry and as commands.

/** A method as the user set it up. */
export interface StainChoice {
  readonly method: string
  readonly needsReference: boolean
  readonly defaults: Readonly<Record<string, unknown>>
  readonly options: Readonly<Record<string, unknown>>
  /** Names of the reference pictures; none means the published target. */
  readonly references: readonly string[]
}

function changedOf({ defaults, options }: StainChoice): [string, unknown][] {
  return Object.entries(options).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key]),
  )
}

/** The entry of a recipe's list of stains, as YAML. The ids of its reference are those of a patch set. */
export function printRecipeEntry(choice: StainChoice): string {
  const { method, needsReference, references } = choice
  const options = changedOf(choice).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const ids = `{ ids: [${references.map((id) => JSON.stringify(id)).join(', ')}] }`
  const reference = needsReference ? [`reference: ${references.length > 0 ? ids : 'published'}`] : []
  const entry = [`method: ${method}`, ...options, ...reference].join(', ')
  return `stain:\n  - ${entry === `method: ${method}` ? method : `{ ${entry} }`}\n`
}

/** Commands that fit and apply the method to a patch set; names are quoted for a POSIX shell. */
export function printCommands(choice: StainChoice): string {
  const { method, needsReference, references } = choice
  const set = changedOf(choice).map(([key, value]) =>
    quote(`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
  )
  const fit = [
    `eosin stain fit PATCHES --method ${method}`,
    ...(set.length > 0 ? [`--set ${set.join(' ')}`] : []),
    ...(needsReference && references.length > 0 ? [`--ids ${references.map(quote).join(' ')}`] : []),
    '--out fit.json',
  ].join(' ')
  const note =
    needsReference && references.length === 0
      ? '# no reference is chosen: fit takes 64 patches of PATCHES; a recipe takes the published target\n'
      : ''
  return `${note}${fit}\neosin stain apply PATCHES --fit fit.json --out normalised\n`
}

function quote(text: string): string {
  return /^[\w.,:=/+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The center that a file's name states, as in `center_2_patch.png`; '' where it states none. */
export function readCenter(name: string): string {
  return /(?:^|[^a-z])cent(?:er|re)[-_ ]?([a-z0-9]+)/i.exec(name)?.[1] ?? ''
}
