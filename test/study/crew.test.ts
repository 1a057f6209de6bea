// The processes that work for a run: one that cannot be begun is a failed task with a reason, not a wait without end.

import { afterEach, describe, expect, it } from 'vitest'
import { silent } from '../../src/base/index.ts'
import { parseRecipe } from '../../src/recipe/index.ts'
import { openCrew } from '../../src/study/crew.ts'

const { execPath } = process
afterEach(() => {
  process.execPath = execPath
})

const recipe = parseRecipe(
  "name: x\ndata: { train: { path: 'a.h5' }, val: { path: 'b.h5' } }\nstain: [none]\nembed: [texture]\nclassify: [logistic]\n",
  { where: 'recipe', folder: '/nowhere' },
)
const file = { recipe, cache: '/nowhere/cache', device: 'cpu' }

describe('a process of a study', () => {
  it('that cannot be begun is told of, each time', async () => {
    const crew = openCrew(file, {})
    process.execPath = '/nowhere/node'
    for (const key of ['a', 'b']) {
      await expect(crew.run(key, 1, silent)).rejects.toThrow(
        /^a process of the study: expected to begin it, got no such file or folder; run again with fewer --jobs$/,
      )
    }
    crew.close()
  })
})
