// Who may ask: whoever was given the address that the terminal printed, in one browser. Its token is exchanged once for a
// cookie that no script can read and that no other site's page is sent with.

import { randomBytes, timingSafeEqual } from 'node:crypto'

/** The secrets of one server. */
export interface Session {
  /** Stands in the address that is printed; it is good for one exchange. */
  readonly token: string
  /** The value of the cookie where `token` is the right one and has not been exchanged before; else null. */
  exchange(token: string): string | null
  /** Whether a Cookie header holds the session of this server. */
  isKnown(cookies: string | undefined): boolean
  /** The header that sets the cookie. */
  setCookie(value: string): string
}

/** Opens the session of a server on a port: cookies do not tell ports apart, so that its name does. */
export function beginSession(port: number): Session {
  const token = randomBytes(32).toString('base64url')
  const secret = randomBytes(32).toString('base64url')
  const name = `eosin-${port}`
  let isExchanged = false
  return {
    token,
    exchange(given) {
      if (isExchanged || !isSame(given, token)) return null
      isExchanged = true
      return secret
    },
    isKnown(cookies = '') {
      const own = cookies.split(';').map((pair) => pair.trim())
      return own.some((pair) => pair.startsWith(`${name}=`) && isSame(pair.slice(name.length + 1), secret))
    },
    setCookie: (value) => `${name}=${value}; HttpOnly; SameSite=Strict; Path=/`,
  }
}

function isSame(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)]
  return a.length === b.length && timingSafeEqual(a, b)
}
