// What a pipeline says of itself, and where it runs here.

import type { OpenedPipeline } from '../../workers/predictWorker.ts'

export function Facts({ pipeline }: { readonly pipeline: OpenedPipeline }) {
  const { metadata, model, patch, provider, threads } = pipeline
  const list = (key: string) => printList(metadata[key])
  const origin = metadata.data_origin
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['run', metadata.run],
    ['patches', `${patch.width} x ${patch.height} pixels, RGB`],
    ['threshold', `${pipeline.threshold} (probability of tumour)`],
    ['stain', metadata.stain],
    ['temperature', metadata.temperature],
    ['centers trained on', list('centers_trained_on')],
    ['licence of the weights', metadata.weights_licence],
    ['intended use', metadata.intended_use],
    ['transductive', metadata.transductive],
    ['written by', metadata['eosin.version'] && `Eosin ${metadata['eosin.version']}`],
    [
      'runs on',
      provider === 'webgpu'
        ? 'the GPU, by WebGPU'
        : `the processor, by WebAssembly on ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    ],
  ]
  return (
    <div class="facts">
      <h2>
        {model}{' '}
        {origin && (
          <span class={`badge${origin === 'real' ? ' real' : ''}`}>{origin.toUpperCase()} DATA</span>
        )}
      </h2>
      <dl>
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </div>
  )
}

// A JSON list of names as a text; what is none stays as it is.
function printList(text: string | undefined): string | undefined {
  try {
    const list: unknown = JSON.parse(text ?? '')
    return Array.isArray(list) ? list.join(', ') : text
  } catch {
    return text
  }
}
