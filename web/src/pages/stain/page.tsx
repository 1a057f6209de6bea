// The stain bench: patches before and after a method of stain normalisation.

import { Notice } from '../../parts/notice.tsx'

export function Page() {
  return (
    <>
      <h1>Stain normalisation</h1>
      <Notice kind="note" title="This page is not there yet.">
        Until then, <code>eosin stain fit</code> and <code>eosin stain apply</code> normalise patches.
      </Notice>
    </>
  )
}
