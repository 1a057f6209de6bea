// A place to drop files on, or to choose them from the disk. Its files go to the page and nowhere else.

import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'

export interface FileDropProps {
  /** What is to be dropped, e.g. `PNG or JPEG pictures`. */
  readonly label: string
  /** As an input's `accept`. */
  readonly accept: string
  readonly isMultiple?: boolean
  readonly onFiles: (files: readonly File[]) => void
  readonly children?: ComponentChildren
}

export function FileDrop({ label, accept, isMultiple = false, onFiles, children }: FileDropProps) {
  const input = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const take = (list: FileList | null | undefined) => {
    const files = [...(list ?? [])]
    if (files.length > 0) onFiles(isMultiple ? files : files.slice(0, 1))
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same from the keyboard
    <div
      class={`drop${isOver ? ' over' : ''}`}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false)
        if (!event.dataTransfer?.files.length) return
        event.preventDefault()
        take(event.dataTransfer.files)
      }}
    >
      <p>
        Drop {label} here, or{' '}
        <button type="button" onClick={() => input.current?.click()}>
          choose {isMultiple ? 'files' : 'a file'}
        </button>
      </p>
      <input
        ref={input}
        class="hidden"
        type="file"
        accept={accept}
        multiple={isMultiple}
        aria-label={label}
        tabIndex={-1}
        onChange={({ currentTarget }) => {
          take(currentTarget.files)
          currentTarget.value = ''
        }}
      />
      {children}
    </div>
  )
}
