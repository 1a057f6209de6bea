// Extractors by name: the one table behind recipes, the command line and the error for an unknown name.

import { checkOptions, pickNamed, UsageError } from '../base/index.ts'
import { splitModelName } from '../weights/index.ts'
import type { Extractor } from './extractor.ts'
import type { ExtractorMethod, ExtractorSpec, OpenOptions } from './extractorMethod.ts'
import { describedMethods, modelMethods } from './modelExtractor.ts'
import { onnxMethod } from './onnxExtractor.ts'
import { withPretraining } from './pretraining.ts'
import { countProcesses, spreadExtractor } from './spread.ts'
import { textureMethod } from './textureExtractor.ts'
import { withViews } from './views.ts'

const families = {
  texture: textureMethod,
  onnx: onnxMethod,
  ...describedMethods,
  ...modelMethods,
  // biome-ignore lint/suspicious/noExplicitAny: each family has options of its own
} satisfies Record<string, ExtractorMethod<any>>

/** The name of a family of extractors. */
export type ExtractorName = keyof typeof families

/** The extractors by the name that recipes and commands use; `onnx`, `vit` and `davit` are followed by `:PATH`. */
export const extractors = Object.fromEntries(
  Object.entries<ExtractorMethod<object>>(families).map(([name, method]) => [
    name,
    withViews(name === 'texture' ? method : withPretraining(method)),
  ]),
) as { readonly [Name in ExtractorName]: ExtractorMethod<object> }

/**
 * Opens the extractor that `spec` names. Throws UnknownNameError for an unknown name or option, UsageError where
 * a path is missing or too many, and what the family throws for a file or option it cannot take.
 */
export async function openExtractor(spec: ExtractorSpec, context: OpenOptions = {}): Promise<Extractor> {
  const { name: written, ...given } = typeof spec === 'string' ? { name: spec } : spec
  const { family: name, path } = splitModelName(written)
  const method: ExtractorMethod<object> = pickNamed('extractor', extractors, name)
  if (method.takesPath !== (path !== '')) {
    const expected = method.takesPath ? `${name}:PATH` : `'${name}' alone`
    throw new UsageError({ where: 'extractor', expected, got: `'${written}'` })
  }
  const options = { ...method.defaults, ...given }
  checkOptions<object>(`extractor ${name}`, method.rules, options)
  const paths: Record<string, string> = {}
  const resolvePath = (as: string) => (paths[as] = context.resolvePath?.(as) ?? as)
  const extractor = await method.open(options, { ...context, resolvePath }, path && resolvePath(path))
  const { threads } = context
  const count = countProcesses(extractor.weightBytes, threads)
  return count === 1 ? extractor : spreadExtractor(extractor, { spec, paths }, { count, threads })
}
