// Starts a study from a recipe of the folders that the server was given.

import { useState } from 'preact/hooks'
import type { RecipeEntry, StartedStudy } from '../../../../src/serve/browser.ts'
import { postJson, useAsked } from '../../ask.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { ChoiceField } from '../../parts/field.tsx'
import { describeFailure, type Failure } from '../../workers/talk.ts'

export function StartStudy({ onStarted }: { readonly onStarted: () => void }) {
  const { value, failure } = useAsked<{ recipes: RecipeEntry[] }>('/api/recipes')
  const [chosen, setChosen] = useState('')
  const [refused, setRefused] = useState<Failure | null>(null)
  const [isSent, setSent] = useState(false)
  const recipes = value?.recipes ?? []
  const id = chosen || recipes.find(({ problem }) => !problem)?.id || ''
  const recipe = recipes.find((one) => one.id === id)
  const start = async (replace: boolean) => {
    setSent(true)
    setRefused(null)
    try {
      const { name } = await postJson<StartedStudy>('/api/studies', { recipe: id, replace })
      onStarted()
      location.hash = `#/runs/${encodeURIComponent(name)}`
    } catch (cause) {
      setRefused(describeFailure(cause))
    }
    setSent(false)
  }
  const mayReplace = refused?.parts?.hint?.includes('have the run replaced') ?? false
  return (
    <section aria-labelledby="start">
      <h2 id="start">Start a study</h2>
      {failure && <FailureNotice failure={failure} />}
      {value && recipes.length === 0 && (
        <p>
          There is no recipe (*.yaml) in the folders that were given. Give one with{' '}
          <code>eosin serve --data FOLDER</code>.
        </p>
      )}
      {recipes.length > 0 && (
        <div class="row end">
          <ChoiceField
            name="Recipe"
            value={id}
            all={recipes.map(({ id: one, path, name }) => [
              one,
              `${name ?? 'not readable'} (${path.split('/').slice(-2).join('/')})`,
            ])}
            isRequired
            onChange={setChosen}
          />
          <button
            type="button"
            class="main"
            disabled={isSent || !recipe || recipe.problem !== null}
            onClick={() => start(false)}
          >
            Start
          </button>
          {mayReplace && (
            <button type="button" onClick={() => start(true)}>
              Replace the run {recipe?.name}
            </button>
          )}
        </div>
      )}
      {recipe?.problem && (
        <FailureNotice failure={{ message: recipe.problem.where, parts: recipe.problem }} />
      )}
      {refused && <FailureNotice failure={refused} />}
      <p class="soft">A study is a process of its own: it goes on when this page or the server is closed.</p>
    </section>
  )
}
