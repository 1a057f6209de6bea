// Which parts of a recipe, or of a run's model, make use of the device that is asked for.

import { pickNamed } from '../base/index.ts'
import { headMethods } from '../classify/index.ts'
import { extractors } from '../embed/index.ts'
import type { DevicePart } from '../engine/index.ts'
import { stainMethods } from '../stain/index.ts'
import { splitModelName } from '../weights/index.ts'

/** The names of methods, as the tables of their rooms have them; a path may follow an extractor's. */
export interface MethodNames {
  readonly stain?: readonly string[]
  readonly embed?: readonly string[]
  readonly classify?: readonly string[]
}

/** Whether each of the methods uses a device: networks that are learned stains, extractors or fine-tuned heads do. */
export function listDeviceParts({ stain = [], embed = [], classify = [] }: MethodNames): DevicePart[] {
  const table = <Method>(methods: Readonly<Record<string, Method>>, name: string) =>
    pickNamed('device', methods, name)
  return [
    // No normalisation is no work.
    ...stain
      .filter((name) => name !== 'none')
      .map((name) => ({
        name: `stain ${name}`,
        usesDevice: Boolean(table<{ train?: unknown }>(stainMethods as never, name).train),
      })),
    ...embed.map((written) => {
      const name = splitModelName(written).family
      return {
        name: `extractor ${name}`,
        usesDevice: table<{ usesDevice: boolean }>(extractors, name).usesDevice,
      }
    }),
    ...classify.map((name) => ({
      name: `head ${name}`,
      usesDevice: table<{ usesDevice?: boolean }>(headMethods as never, name).usesDevice === true,
    })),
  ]
}

/** The same of a recipe. */
export function listRecipeParts(
  recipe: {
    readonly [Axis in keyof MethodNames]-?: readonly { readonly name: string }[]
  },
): DevicePart[] {
  const names = (entries: readonly { readonly name: string }[]) => entries.map(({ name }) => name)
  return listDeviceParts({
    stain: names(recipe.stain),
    embed: names(recipe.embed),
    classify: names(recipe.classify),
  })
}
