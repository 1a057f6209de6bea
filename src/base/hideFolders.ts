// Messages name files by their whole paths, which are nobody's business beyond the machine: what is shared names the file.

const posix = /(?<=^|[\s'"`(=:])\/(?:[^\s/:;,'"`()]+\/)+([^\s/:;,'"`()]*)/g
const windows = /(?<=^|[\s'"`(=])[A-Za-z]:\\(?:[^\s\\:;,'"`()]+\\)*([^\s\\:;,'"`()]*)/g

/** A sentence with every absolute path (of two names or more) cut to its last name; relative paths stay as they are. */
export function hideFolders(text: string): string {
  return text.replace(posix, '$1').replace(windows, '$1')
}
