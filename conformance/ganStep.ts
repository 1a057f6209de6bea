import type { ConformanceResult } from './result.ts'
import type { Config } from './vitFixture.ts'
export async function checkStep(_folder: string, _config: Config): Promise<ConformanceResult[]> {
  return []
}
