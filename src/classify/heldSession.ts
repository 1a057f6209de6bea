// A session that is opened when it is first needed and kept until it is closed: compiling a model costs more than many a
// run of it.

import type { Session } from '../engine/index.ts'

/** A session that waits for its first use. */
export interface HeldSession {
  /** The session, opened unless it is; after `close` it is opened anew. */
  get(): Promise<Session>
  close(): Promise<void>
}

/** Holds what `open` opens; where that fails, the next use tries again. */
export function holdSession(open: () => Promise<Session>): HeldSession {
  let session: Promise<Session> | null = null
  return {
    get() {
      if (session) return session
      const opened = open()
      session = opened
      opened.catch(() => {
        if (session === opened) session = null
      })
      return opened
    },
    async close() {
      const held = session
      session = null
      await (await held)?.close()
    },
  }
}
