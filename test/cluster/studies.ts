// A small study to send: two waves, the first on a device.

import type { ClusterStudy } from '../../src/cluster/index.ts'

/** A study in `folder`, changed by `facts`. */
export function makeStudy(folder: string, facts: Partial<ClusterStudy> = {}): ClusterStudy {
  return {
    name: 'demo',
    folder,
    command: ['/usr/bin/node', '/opt/eosin.js'],
    worker: ['task', 'run', '--lots'],
    finish: ['study', 'run', 'recipe.yaml'],
    waves: [
      { name: 'embed', lots: [['a', 'b'], ['c']], usesDevice: true },
      { name: 'head', lots: [['d'], ['e'], ['f']], usesDevice: false },
    ],
    ...facts,
  }
}
