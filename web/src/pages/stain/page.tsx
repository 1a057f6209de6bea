// The stain bench: pictures before and after a method of stain normalisation, as it is set up beside them.

import { useState } from 'preact/hooks'
import { Curtain } from '../../parts/curtain.tsx'
import { download } from '../../parts/download.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { FileDrop } from '../../parts/fileDrop.tsx'
import { Picture } from '../../parts/picture.tsx'
import { Progress } from '../../parts/progress.tsx'
import { Figures } from './figures.tsx'
import { Setup } from './setup.tsx'
import { Shelf } from './shelf.tsx'
import { type Bench, type BenchPicture, useBench } from './useBench.ts'
import './stain.css'

export function Page() {
  const bench = useBench()
  const [chosen, setChosen] = useState('')
  const { pictures, failures, isTaking, work } = bench
  const shown = pictures.find(({ id }) => id === chosen) ?? pictures[0]
  return (
    <>
      <h1>Stain normalisation</h1>
      <p>
        See what a method does to pictures of H&E-stained tissue before a study uses it. Everything is
        computed in this page, by the code that <code>eosin stain</code> runs.
      </p>
      <FileDrop label="PNG or JPEG pictures" accept="image/png,image/jpeg" isMultiple onFiles={bench.take}>
        <p>
          <button type="button" onClick={bench.makeSamples}>
            Use synthetic samples
          </button>{' '}
          <span class="soft">of five invented centers</span>
        </p>
      </FileDrop>
      <p class="status" role="status">
        {isTaking}
      </p>
      {failures.map((failure) => (
        <FailureNotice key={failure.message} failure={failure} />
      ))}
      <div class="bench">
        <Setup bench={bench} />
        <div class="pictures" aria-busy={bench.isBusy}>
          {work.failure && <FailureNotice failure={work.failure} />}
          {shown && <Large bench={bench} picture={shown} />}
          {work.total > 0 && work.done < work.total && (
            <Progress label="Normalising" done={work.done} total={work.total} unit="pictures" />
          )}
          {pictures.length === 0 && <p class="soft">No picture is there yet.</p>}
          {pictures.length > 0 && (
            <>
              <Shelf bench={bench} shown={shown.id} onShow={setChosen} />
              <Figures bench={bench} />
            </>
          )}
        </div>
      </div>
    </>
  )
}

function Large({ bench, picture }: { readonly bench: Bench; readonly picture: BenchPicture }) {
  const [view, setView] = useState<'beside' | 'curtain'>('beside')
  const { id, name, before, width, height, isSynthetic } = picture
  const outcome = bench.work.outcomes.get(id)
  const save = async () => {
    const file = await bench.encode(id)
    if (file) download(`${name.replace(/\.\w+$/, '')}-${bench.method}.png`, file)
  }
  return (
    <section class="large" aria-label="Large picture">
      <div class="head">
        <h2>
          {name} {isSynthetic && <span class="badge">SYNTHETIC</span>}
        </h2>
        <span class="soft">
          {width} x {height} pixels
        </span>
        <fieldset class="choice">
          <legend class="hidden">View</legend>
          {(['beside', 'curtain'] as const).map((one) => (
            <label key={one}>
              <input type="radio" name="view" checked={view === one} onChange={() => setView(one)} />
              {one === 'beside' ? 'side by side' : 'curtain'}
            </label>
          ))}
        </fieldset>
        <button type="button" disabled={!outcome || bench.isBusy} onClick={save}>
          Download PNG
        </button>
      </div>
      {outcome && view === 'curtain' ? (
        <Curtain before={before} after={outcome.after} name={name} />
      ) : (
        <div class="pair">
          <figure>
            <Picture bitmap={before} label={`${name} before`} />
            <figcaption>before</figcaption>
          </figure>
          <figure>
            {outcome ? (
              <Picture bitmap={outcome.after} label={`${name} after`} />
            ) : (
              <div class="absent">waiting</div>
            )}
            <figcaption>{outcome ? `after ${outcome.method}` : 'after'}</figcaption>
          </figure>
        </div>
      )}
      {outcome && (
        <p>
          <b class={`v-${outcome.verdict}`}>{outcome.verdict}</b>
          {outcome.reason && `: ${outcome.reason}`}{' '}
          <span class="soft">in {outcome.milliseconds.toFixed(0)} ms</span>
        </p>
      )}
    </section>
  )
}
