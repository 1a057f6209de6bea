// The folder for what can be made again and is of use to all studies of a user.

import { homedir } from 'node:os'
import { join } from 'node:path'

/** $XDG_CACHE_HOME/eosin or ~/.cache/eosin; null for a user without a home. */
export function findUserCache(): string | null {
  try {
    return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'eosin')
  } catch {
    return null // the system knows no home of this user
  }
}
