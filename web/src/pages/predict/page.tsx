// Predict: an exported pipeline on patches, in the page.

import { Notice } from '../../parts/notice.tsx'

export function Page() {
  return (
    <>
      <h1>Predict</h1>
      <Notice kind="note" title="This page is not there yet.">
        Until then, <code>eosin predict --onnx</code> runs an exported pipeline.
      </Notice>
    </>
  )
}
