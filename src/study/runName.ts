// What a run may be called: its name is a folder's, on any system, and none of those that mean something already.

/** What is wrong with a name for a run, in a few words; null where nothing is. */
export function findNameProblem(name: string): string | null {
  if (!/^[\w.-]*$/.test(name)) return 'letters, digits, dot, dash and underscore only'
  if (!/^\w/.test(name)) return 'a name that begins with a letter, a digit or an underscore' // as .. and .cache do not
  if (name.endsWith('.')) return 'a name that does not end in a dot' // Windows drops it
  if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name))
    return `another name than ${name}: Windows reserves it`
  if (/\.(work|old|lease)$/i.test(name))
    return 'a name that does not end as work in progress does (.work, .old, .lease)'
  return name.length > 100 ? 'at most 100 characters' : null
}
