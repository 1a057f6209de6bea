// Bytes as an answer.

import type { Context } from 'hono'

/** Answers with bytes of a media type. */
export function sendBytes(context: Context, bytes: Uint8Array, type = 'application/octet-stream'): Response {
  context.header('Content-Type', type)
  return context.body(bytes as Uint8Array<ArrayBuffer>)
}
