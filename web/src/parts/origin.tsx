// How real patches are, wherever a number that rests on them is shown; nothing where they are real.

export function OriginBadge({ origin }: { readonly origin: string | null }) {
  if (origin === null || origin === 'real') return null
  const word = origin === 'unknown' ? 'ORIGIN UNKNOWN' : origin.toUpperCase()
  return <span class="badge">{word}</span>
}
