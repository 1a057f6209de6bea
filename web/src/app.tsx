// The frame around every page: navigation, the page itself, and what holds for all of them.

import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type PageEntry, type PageProps, pages, readRoute } from './pages.ts'
import { Notice } from './parts/notice.tsx'
import { serverVersion } from './server.ts'
import { version } from './version.ts'

export function App() {
  const { page, path } = useRoute()
  const main = useRef<HTMLElement>(null)
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <div class="band" />
      <header class="top">
        <a class="brand" href="#/">
          Eosin <span>workbench</span>
        </a>
        <nav aria-label="Pages">
          <ul>
            {pages.map(({ name, title }) => (
              <li key={name}>
                <a href={`#/${name}`} aria-current={page?.name === name ? 'page' : undefined}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {page ? <Loaded key={page.name} page={page} path={path} /> : <Unknown />}
      </main>
      <footer>
        <p>
          Eosin {version}. {serverVersion ? 'Served by eosin serve on this machine. ' : ''}
          Everything is computed on this machine; no picture and no model leaves it. For research, not a
          medical device.
        </p>
      </footer>
    </>
  )
}

function Unknown() {
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        The pages here are{' '}
        {pages.map(({ name, title }, i) => (
          <>
            {i > 0 && ', '}
            <a href={`#/${name}`}>{title}</a>
          </>
        ))}
        .
      </p>
    </>
  )
}

// A page once its code is there.
function Loaded({ page, path }: { readonly page: PageEntry } & PageProps) {
  const [Page, setPage] = useState<ComponentType<PageProps> | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  useEffect(() => {
    page.load().then(
      (loaded) => setPage(() => loaded.Page),
      (cause: Error) => setFailure(cause.message),
    )
  }, [page])
  useEffect(() => {
    document.title = `${page.title} · Eosin workbench`
  }, [page])
  if (failure !== null)
    return (
      <Notice kind="error" title={`The page ${page.title} could not be loaded`}>
        {failure}. Load the workbench again when the host that it came from can be reached.
      </Notice>
    )
  return Page ? <Page path={path} /> : <p aria-busy="true">Loading the page {page.title} ...</p>
}

function useRoute() {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const update = () => setHash(location.hash)
    addEventListener('hashchange', update)
    return () => removeEventListener('hashchange', update)
  }, [])
  return readRoute(hash)
}
