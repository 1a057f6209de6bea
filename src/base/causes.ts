// What went wrong below Eosin, in words: errors of the operating system by their code, and messages of libraries as one
// clean line. Every error message that passes on a cause takes it from here.

// By Node's error codes; the path is named by the error that passes it on.
const systemWords: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EISDIR: 'a folder where a file is expected',
  ENOTDIR: 'a file where a folder is expected',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EEXIST: 'something that is there already',
  ENOTEMPTY: 'a folder that is not empty',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'no space left in your quota',
  EFBIG: 'a file larger than the file system takes',
  EROFS: 'a read-only file system',
  ENAMETOOLONG: 'a name that is too long',
  ELOOP: 'links that lead in a circle',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  EBUSY: 'something in use by another program',
  ETXTBSY: 'something in use by another program',
  EXDEV: 'a place on another disk',
  EIO: 'a disk that cannot be read or written here',
  ENXIO: 'a device that is not there',
  ENODEV: 'a device that is not there',
  EINVAL: 'something that cannot be read or written as a file',
  ENOMEM: 'not enough memory',
  EPIPE: 'a reader that has gone',
  ESTALE: 'a network folder that has gone',
  ETIMEDOUT: 'a network folder that does not answer',
  ERR_FS_FILE_TOO_LARGE: 'a file of more than 2 GiB, which is too large for its kind',
  ERR_STRING_TOO_LONG: 'a file of more than 512 MiB, which is too large for its kind',
  ERR_INVALID_ARG_VALUE: 'a path that cannot be (does it hold a null character?)',
}

/** What to do about a full disk. */
export const fullDiskHint = 'the disk is full: free some space and run again'

/** The code of an error that the operating system, or Node on its behalf, raised; else undefined. */
export function systemCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error && 'code' in cause && typeof cause.code === 'string')) return undefined
  return 'syscall' in cause || Object.hasOwn(systemWords, cause.code) ? cause.code : undefined
}

/** What `cause` says, in a few words on one line: a system error by its code, any other by its message. */
export function describeCause(cause: unknown): string {
  const code = systemCode(cause)
  if (code !== undefined) return systemWords[code] ?? `system error ${code}`
  const message = cause instanceof Error ? cause.message : String(cause)
  return message.replaceAll(/[\s\p{C}\uFFFD]+/gu, ' ').trim() || 'an error without a message'
}
