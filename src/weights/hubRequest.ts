// Requests to the hub: redirects followed without taking the token along, failures told apart by whether asking
// again may help, and said so that one knows what to do.

import { parseDecimal, WeightsError } from '../base/index.ts'

/** Whom to ask, and how patiently. */
export interface Hub {
  readonly endpoint: string
  readonly token: string | null
  /** Milliseconds before the second try; doubled for each further one. */
  readonly retryDelay: number
  /** Milliseconds without a byte after which a connection is given up. */
  readonly stallTimeout: number
}

/** A file in a repository of the hub. */
export interface HubFile {
  readonly repo: string
  readonly revision: string
  readonly file: string
}

/** The hub has no file of that name (other than: no such repository, no access). */
export class NoSuchFileError extends WeightsError {}

/** The hub cannot be reached, or is out of order: asking again may help. */
export class HubUnreachableError extends WeightsError {
  /** Milliseconds that the hub asked to wait. */
  readonly wait: number | undefined
  constructor(where: string, got: string, wait?: number, cause?: unknown) {
    const hint =
      'check the network, set HF_ENDPOINT to a mirror, or fetch the file elsewhere and run `eosin weights import`'
    super({ where, got, hint }, cause)
    this.wait = wait
  }
}

/** The address of a file. */
export function addressOf(hub: Hub, { repo, revision, file }: HubFile): string {
  const path = file.split('/').map(encodeURIComponent).join('/')
  return `${hub.endpoint}/${repo}/resolve/${encodeURIComponent(revision)}/${path}`
}

/**
 * Asks for `address`, following redirects until `isEnough` or none is left. Other hosts never see the token.
 * Throws WeightsError for an answer that will not change, HubUnreachableError for what may pass.
 */
export async function request(
  hub: Hub,
  method: 'HEAD' | 'GET',
  file: HubFile,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
  isEnough: (response: Response) => boolean = () => false,
): Promise<Response> {
  let target = new URL(addressOf(hub, file))
  const home = target.origin
  for (let hop = 0; hop < 10; hop++) {
    const sent: Record<string, string> = { ...plainHeaders, ...headers }
    if (hub.token && target.origin === home) sent.authorization = `Bearer ${hub.token}`
    const response = await fetch(target, { method, signal, redirect: 'manual', headers: sent }).catch(
      (cause: Error) => {
        throw new HubUnreachableError(target.host, describeFailure(cause), undefined, cause)
      },
    )
    const location = response.headers.get('location')
    const isRedirect = response.status >= 300 && response.status < 400 && location !== null
    if (!isRedirect || isEnough(response)) {
      if (isRedirect || response.ok) return response
      await response.body?.cancel()
      throw explainStatus(hub, file, response)
    }
    await response.body?.cancel()
    target = new URL(location, target)
  }
  throw new WeightsError({ where: addressOf(hub, file), got: 'more than 10 redirects' })
}

// Compressed answers would make nonsense of sizes and ranges.
const plainHeaders = { 'accept-encoding': 'identity', 'user-agent': 'eosin' }

/** Runs `attempt` until it succeeds, waiting longer each time; gives up after five tries without progress.
 * `attempt` returns a number that grows while there is progress when it throws HubUnreachableError. */
export async function retry<T>(
  hub: Hub,
  attempt: () => Promise<T>,
  progress: () => number = () => 0,
): Promise<T> {
  let reached = progress()
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (progress() > reached) tries = 1
      if (!(error instanceof HubUnreachableError) || tries >= 5) throw error
      reached = progress()
      const wait = Math.min(error.wait ?? hub.retryDelay * 2 ** (tries - 1), 60_000)
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}

/** What went wrong below HTTP, e.g. `ECONNREFUSED`. */
export function describeFailure(error: Error): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in time'
  const cause = error.cause as { code?: string; message?: string } | undefined
  return `no connection (${cause?.code ?? cause?.message ?? error.message})`
}

function explainStatus(hub: Hub, file: HubFile, response: Response): WeightsError {
  const { repo, revision } = file
  const where = `${repo}/${file.file}`
  const page = `${hub.endpoint}/${repo}`
  const { status, headers } = response
  const code = headers.get('x-error-code')
  const said = headers.get('x-error-message')
  const got = `${status}${said ? ` (${said})` : ''}`
  if (status === 401 || status === 403)
    return new WeightsError({ where, got, hint: accessHint(hub, page, status, code) })
  if (status === 404 && code === 'EntryNotFound')
    return new NoSuchFileError({ where, expected: 'a file of the repository', got })
  if (status === 404) {
    const hint =
      code === 'RevisionNotFound'
        ? `there is no revision '${revision}'`
        : `look at ${page}: is the name right?`
    return code ? new WeightsError({ where, got, hint }) : new NoSuchFileError({ where, got, hint })
  }
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = parseDecimal(headers.get('retry-after') ?? '')
    return new HubUnreachableError(where, got, seconds === undefined ? undefined : seconds * 1000)
  }
  return new WeightsError({ where, got })
}

function accessHint(hub: Hub, page: string, status: number, code: string | null): string {
  const makeToken = `make a token that may read at ${hub.endpoint}/settings/tokens and set HF_TOKEN to it (or give --token)`
  if (!hub.token)
    return `the model is gated, private or not there: accept its licence on ${page}, ${makeToken}`
  if (status === 401 && code !== 'GatedRepo') return `the token is not valid (any more): ${makeToken}`
  return `your account may not read it yet: accept its licence on ${page} (some owners answer by hand), then run again`
}
