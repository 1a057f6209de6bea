// Stain fixtures: each kind's check is chosen by what its configuration says it is.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConformanceResult } from './result.ts'
import { checkStaintoolsColour, checkTorchstainReinhard } from './stainColour.ts'
import { checkLab8 } from './stainLab.ts'
import { checkMultiMacenko, checkStaintoolsMacenko, checkTiatoolbox } from './stainLibraries.ts'
import { checkTorchstainMacenko } from './stainMacenko.ts'
import { checkVahadane } from './stainVahadane.ts'

/** A fixture's config.json: what is read from it is compared, so a missing part shows as NaN or an error. */
// biome-ignore lint/suspicious/noExplicitAny: each kind of fixture has a shape of its own
export type StainConfig = Record<string, any>
type Check = (folder: string, config: StainConfig) => Promise<ConformanceResult[]>

// Name prefixes, longest first.
const checks: readonly (readonly [string, Check])[] = [
  ['stain_torchstain_macenko', checkTorchstainMacenko],
  ['stain_torchstain_multimacenko', checkMultiMacenko],
  ['stain_torchstain_reinhard', checkTorchstainReinhard],
  ['stain_staintools_vahadane', checkVahadane],
  ['stain_staintools_macenko', checkStaintoolsMacenko],
  ['stain_staintools_reinhard', checkStaintoolsColour],
  ['stain_tiatoolbox', checkTiatoolbox],
  ['cv2_lab8', checkLab8],
]

/** Checks one stain fixture folder, or `cv2_lab8`. Throws where the kind is unknown. */
export async function checkStain(folder: string): Promise<ConformanceResult[]> {
  const config: StainConfig = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
  const check = checks.find(([prefix]) => `${config.name}`.startsWith(prefix))?.[1]
  if (!check) throw new Error(`not yet supported: ${config.name}`)
  return check(folder, config)
}
