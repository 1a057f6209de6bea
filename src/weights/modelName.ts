// A model as recipes and commands write it: a family's name, which a path may follow (`vit:CARD.json`, `onnx:PATH`).

/** A written name and its path, '' where there is none. The path may hold colons. */
export function splitModelName(written: string): { readonly family: string; readonly path: string } {
  const colon = written.indexOf(':')
  if (colon < 0) return { family: written, path: '' }
  return { family: written.slice(0, colon), path: written.slice(colon + 1) }
}
