// Questions to the server that sent this page; its errors come in Eosin's form.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { DataError } from '../../src/base/index.ts'
import type { ApiProblem } from '../../src/serve/browser.ts'
import { describeFailure, type Failure } from './workers/talk.ts'

/** Asks for bytes. Throws DataError with what the server says is wrong, or that it cannot be reached. */
export async function askBytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await (await send(path, { signal })).arrayBuffer())
}

/** Asks for JSON. Throws as `askBytes`. */
export async function askJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal })).json() as Promise<T>
}

/** Sends an order. Throws as `askBytes`. */
export async function postJson<T>(path: string, body: unknown = {}): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  return (await send(path, { method: 'POST', headers, body: JSON.stringify(body) })).json() as Promise<T>
}

/**
 * Asks for bytes that take time: while the server answers 202 it is asked again, and each answer is told. Throws as `askBytes`.
 */
export async function askLong<Progress>(
  path: string,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Uint8Array> {
  for (;;) {
    const answer = await send(path, { signal })
    if (answer.status !== 202) return new Uint8Array(await answer.arrayBuffer())
    onProgress((await answer.json()) as Progress)
    signal.throwIfAborted()
  }
}

async function send(path: string, options: RequestInit): Promise<Response> {
  const answer = await fetch(path, options).catch((cause: Error) => {
    if (cause.name === 'AbortError') throw cause
    throw new DataError({
      where: 'eosin serve',
      got: 'no answer',
      hint: 'start it again in the terminal, and open the address that it prints; studies go on without it',
    })
  })
  if (answer.ok) return answer
  const { error } = (await answer.json().catch(() => ({}))) as Partial<ApiProblem>
  throw new DataError(error ?? { where: path, got: `status ${answer.status}` })
}

/** What was asked for, as far as it is there. */
export interface Asked<T> {
  readonly value: T | null
  readonly failure: Failure | null
  /** Asks again; what is there stays until the answer has come. */
  again(): void
}

/** Asks for `path` when it is first shown and when it changes, and again every `every` milliseconds; null asks nothing. */
export function useAsked<T>(
  path: string | null,
  { every, read = askJson }: { every?: number | null; read?: (path: string) => Promise<T> } = {},
): Asked<T> {
  const [found, setFound] = useState<{ path: string | null; value: T | null; failure: Failure | null }>({
    path,
    value: null,
    failure: null,
  })
  const [round, setRound] = useState(0)
  const latest = useRef(0)
  useEffect(() => {
    if (path === null) return
    const mine = ++latest.current
    read(path).then(
      (value) => mine === latest.current && setFound({ path, value, failure: null }),
      (cause) =>
        mine === latest.current &&
        setFound((before) => ({
          path,
          value: before.path === path ? before.value : null,
          failure: describeFailure(cause),
        })),
    )
  }, [path, round])
  useEffect(() => {
    if (!every || path === null) return
    const timer = setTimeout(() => setRound((before) => before + 1), every)
    return () => clearTimeout(timer)
  }, [every, found, path])
  const again = useCallback(() => setRound((before) => before + 1), [])
  const isOwn = found.path === path
  return { value: isOwn ? found.value : null, failure: isOwn ? found.failure : null, again }
}
