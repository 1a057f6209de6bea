// Predict: an exported pipeline on patches, in the page.

import { useState } from 'preact/hooks'
import { type ProviderChoice, providers } from '../../../../src/engine/browser.ts'
import { download } from '../../parts/download.ts'
import { FailureNotice } from '../../parts/failureNotice.tsx'
import { FileDrop } from '../../parts/fileDrop.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Progress } from '../../parts/progress.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Facts } from './facts.tsx'
import { Heat } from './heat.tsx'
import { listPatches, printPatches } from './results.ts'
import { type Predict, type Runtime, usePredict } from './usePredict.ts'
import './predict.css'

export function Page() {
  const predict = usePredict()
  const { pipeline, pictures, failures, status, prediction, runtime } = predict
  return (
    <>
      <h1>Predict</h1>
      <p>
        Run a pipeline that <code>eosin export</code> wrote on patches or on larger pictures, which are cut
        into patches. The page needs no network for it.
      </p>
      <RuntimeNotice runtime={runtime} />
      <div class="steps">
        <section aria-label="Pipeline">
          <FileDrop label="a pipeline (.onnx)" accept=".onnx" onFiles={([file]) => predict.open(file)} />
          {pipeline && <Facts pipeline={pipeline} />}
          {pipeline?.refusal && (
            <Notice kind="warning" title="The GPU cannot run this pipeline, so the processor does.">
              {pipeline.refusal}
            </Notice>
          )}
          {pipeline && runtime.state === 'ready' && runtime.providers.length > 1 && (
            <Device predict={predict} />
          )}
        </section>
        <section aria-label="Patches">
          {pipeline && (
            <FileDrop
              label="PNG or JPEG pictures"
              accept="image/png,image/jpeg"
              isMultiple
              onFiles={predict.take}
            >
              <p class="soft">
                Patches of {pipeline.patch.width} x {pipeline.patch.height} pixels, or larger pictures at the
                same resolution.
              </p>
            </FileDrop>
          )}
          <p class="status" role="status">
            {status}
          </p>
          {failures.map((failure) => (
            <FailureNotice key={failure.message} failure={failure} />
          ))}
          {pictures.length > 0 && (
            <p>
              <button
                type="button"
                class="main"
                disabled={prediction.state === 'running'}
                onClick={predict.predict}
              >
                Predict
              </button>{' '}
              <button type="button" disabled={prediction.state === 'running'} onClick={predict.clear}>
                Remove all pictures
              </button>
            </p>
          )}
          {prediction.state === 'running' && (
            <Progress
              label="Predicting"
              done={prediction.done}
              total={prediction.total}
              unit="patches"
              onCancel={predict.cancel}
            />
          )}
          {pictures.length > 0 && <Results predict={predict} />}
        </section>
      </div>
    </>
  )
}

function RuntimeNotice({ runtime }: { readonly runtime: Runtime }) {
  if (runtime.state === 'loading')
    return <p class="soft">ONNX Runtime is being loaded (14 MB for the processor, 28 MB for a GPU).</p>
  if (runtime.state === 'failed') return <FailureNotice failure={runtime.failure} />
  const notes = [
    !runtime.providers.includes('webgpu') && 'This browser offers no WebGPU: pipelines run on the processor.',
    !globalThis.crossOriginIsolated &&
      'Memory cannot be shared between threads here: the processor uses one thread. The host of this page would have to send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
  ].filter(Boolean)
  return (
    <>
      <p class="soft">ONNX Runtime is loaded: from here on the page works without a network.</p>
      {notes.length > 0 && (
        <Notice kind="note" title="Slower than it could be.">
          {notes.join(' ')}
        </Notice>
      )}
    </>
  )
}

function Device({ predict }: { readonly predict: Predict }) {
  const { pipeline, prediction } = predict
  return (
    <div class="option">
      <label for="device">device</label>
      <select
        id="device"
        value={pipeline!.provider}
        disabled={prediction.state === 'running'}
        onChange={({ currentTarget }) => predict.open(pipeline!.file, currentTarget.value as ProviderChoice)}
      >
        <option value="webgpu">{providers.webgpu.about}</option>
        <option value="cpu">{providers.cpu.about}</option>
      </select>
    </div>
  )
}

// More rows than this are in the CSV only.
const mostRows = 200

function Results({ predict }: { readonly predict: Predict }) {
  const { pipeline, pictures, threshold, prediction } = predict
  const [opacity, setOpacity] = useState(0.6)
  const patches = listPatches(pictures, threshold)
  const tumour = patches.filter((patch) => patch.prediction === 1).length
  const mean = patches.reduce((sum, { probability }) => sum + probability, 0) / patches.length
  return (
    <>
      <div class="controls">
        <label>
          threshold{' '}
          <input
            type="range"
            min={0}
            max={1}
            step={0.005}
            value={threshold}
            aria-valuetext={`probability ${threshold}`}
            onInput={({ currentTarget }) => predict.setThreshold(Number(currentTarget.value))}
          />
          <output>{threshold.toFixed(3)}</output>
        </label>
        {threshold !== pipeline?.threshold && (
          <button type="button" onClick={() => predict.setThreshold(pipeline!.threshold)}>
            Back to the pipeline's {pipeline!.threshold}
          </button>
        )}
        <label>
          strength of the colours{' '}
          <input
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={opacity}
            aria-valuetext={`${Math.round(opacity * 100)} %`}
            onInput={({ currentTarget }) => setOpacity(Number(currentTarget.value))}
          />
        </label>
        <span class="legend">
          <span>
            <i class="normal" /> below the threshold
          </span>
          <span>
            <i class="tumour" /> tumour, from the threshold on
          </span>
        </span>
      </div>
      {patches.length > 0 && (
        <p role="status">
          {patches.length} {patches.length === 1 ? 'patch' : 'patches'}
          {prediction.state === 'cancelled' && ` of ${prediction.total}, as it was cancelled`}: {tumour}{' '}
          called tumour at {threshold.toFixed(3)}; mean probability {mean.toFixed(3)}
          {prediction.milliseconds > 0 &&
            `; ${((1000 * patches.length) / prediction.milliseconds).toPrecision(3)} patches a second`}
          .
        </p>
      )}
      <div class="heats">
        {pictures.map((picture) => (
          <Heat
            key={picture.id}
            picture={picture}
            patch={pipeline!.patch}
            threshold={threshold}
            opacity={opacity}
          />
        ))}
      </div>
      {patches.length > 0 && (
        <>
          <p>
            <button
              type="button"
              onClick={() =>
                download('predictions.csv', new Blob([printPatches(patches)], { type: 'text/csv' }))
              }
            >
              Download CSV
            </button>
          </p>
          <Scroll label="Table of patches">
            <table>
              <caption>
                {patches.length > mostRows
                  ? `The first ${mostRows} of ${patches.length} patches; all are in the CSV`
                  : 'All patches'}
                . Rows and columns count patches of a picture, from 0.
              </caption>
              <thead>
                <tr>
                  <th scope="col">Picture</th>
                  <th scope="col" class="n">
                    Row
                  </th>
                  <th scope="col" class="n">
                    Column
                  </th>
                  <th scope="col" class="n">
                    Probability
                  </th>
                  <th scope="col">Prediction</th>
                </tr>
              </thead>
              <tbody>
                {patches.slice(0, mostRows).map(({ id, row, column, probability, prediction }) => (
                  <tr key={`${id} ${row} ${column}`}>
                    <th scope="row">{id}</th>
                    <td class="n">{row}</td>
                    <td class="n">{column}</td>
                    <td class="n">{probability.toFixed(4)}</td>
                    <td>{prediction ? 'tumour' : 'no tumour'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </>
      )}
    </>
  )
}
