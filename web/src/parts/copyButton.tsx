// A button that puts a text on the clipboard, and says that it did.

import { useState } from 'preact/hooks'

export function CopyButton({ label, text }: { readonly label: string; readonly text: string }) {
  const [said, setSaid] = useState('')
  const copy = async () => {
    const isCopied = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    )
    setSaid(isCopied ? 'Copied' : 'The browser does not allow it: select the text and copy it')
    setTimeout(() => setSaid(''), 4000)
  }
  return (
    <span class="copy">
      <button type="button" onClick={copy}>
        {label}
      </button>
      <span role="status">{said}</span>
    </span>
  )
}
