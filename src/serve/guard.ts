// What every request must be before anything is looked at: asked of this server by its own name, by its own pages, by the
// browser that has the session.

import type { MiddlewareHandler } from 'hono'
import { commonHeaders } from './policies.ts'
import { RefusedError } from './refused.ts'
import type { Session } from './session.ts'

/** What a guard goes by. */
export interface Guarded {
  /** The only name by which the server answers, `127.0.0.1:PORT`: a name that was made to lead here is another's. */
  readonly host: string
  readonly session: Session
}

/** Refuses whatever is not from the session's own pages; exchanges the token of the address that was printed. */
export function guard({ host, session }: Guarded): MiddlewareHandler {
  return async (context, next) => {
    for (const [name, value] of Object.entries(commonHeaders)) context.header(name, value)
    const { method } = context.req
    refuseForeign(host, (name) => context.req.header(name), method)
    const { pathname, searchParams } = new URL(context.req.url)
    const token = searchParams.get('token')
    if (method === 'GET' && pathname === '/' && token !== null) {
      const secret = session.exchange(token)
      if (secret !== null) {
        context.header('Set-Cookie', session.setCookie(secret))
        return context.redirect('/', 303)
      }
      // The same browser may come back to the address in its history.
      if (session.isKnown(context.req.header('cookie'))) return context.redirect('/', 303)
    }
    if (!session.isKnown(context.req.header('cookie'))) {
      const got = token === null ? 'a request without it' : 'an address that was used before, or another one'
      throw new RefusedError(403, {
        where: 'session',
        expected: 'the address that eosin serve printed, which is good once',
        got,
        hint: 'start eosin serve again for another',
      })
    }
    if (method !== 'GET' && method !== 'HEAD') requireJson(context.req.header('content-type'))
    return next()
  }
}

function refuseForeign(host: string, header: (name: string) => string | undefined, method: string): void {
  const named = header('host')
  if (named !== host) throw new RefusedError(403, { where: 'Host', expected: host, got: named ?? 'none' })
  const origin = header('origin')
  const isWrite = method !== 'GET' && method !== 'HEAD'
  if (origin === undefined ? isWrite : origin !== `http://${host}`)
    throw new RefusedError(403, { where: 'Origin', expected: `http://${host}`, got: origin ?? 'none' })
  // Pages of other servers on this machine are of the same site, but not of the same origin.
  const site = header('sec-fetch-site')
  const isNavigation = header('sec-fetch-mode') === 'navigate' && header('sec-fetch-dest') === 'document'
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation)
    throw new RefusedError(403, { where: 'Sec-Fetch-Site', expected: 'same-origin', got: site })
}

// A form of another page cannot send it.
function requireJson(type: string | undefined): void {
  if (type?.split(';')[0].trim() === 'application/json') return
  throw new RefusedError(415, { where: 'Content-Type', expected: 'application/json', got: type ?? 'none' })
}
