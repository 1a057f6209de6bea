// Whether these pages come from `eosin serve`: it writes its version into them, a static host does not.

/** The version of the server that sent this page; null on a static host. */
export const serverVersion: string | null =
  document.querySelector<HTMLMetaElement>('meta[name="eosin-server"]')?.content ?? null
