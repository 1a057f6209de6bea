// What the pages in web/ may import.

/** Doors that run in a browser: the rooms, and of others the part that does. */
export const browserDoors = [
  'base',
  'engine/browser',
  'evaluate',
  'export/browser',
  'formats',
  'graph',
  'guards',
  'models',
  'nn',
  'patches/browser',
  'quality',
  'report/browser',
  'runs/browser',
  'serve/browser',
  'stain/browser',
  'synthetic/browser',
]
