// A page of Eosin's: navigation, title, sections, style. One HTML file that opens from disk; its content
// policy forbids every request and every script, so nothing can be fetched even by mistake.

import { type Html, html, type Part, trustMarkup } from './html.ts'
import { STYLE } from './style.ts'

/** A section with its anchor. */
export interface Section {
  /** The anchor: a stage's word where the section is about a stage. */
  readonly id: string
  readonly title: string
  /** How the navigation calls it, where that is shorter. */
  readonly navTitle?: string
  /** Shown beside the title, e.g. the origin badge. */
  readonly badge?: Html
  readonly body: Html
}

/** What a page consists of. */
export interface Page {
  readonly title: string
  /** A few words above the title. */
  readonly kicker?: Part
  /** One paragraph under the title. */
  readonly lead?: Part
  readonly sections: readonly Section[]
  readonly footer?: Part
}

/** A whole HTML document. */
export function renderPage({ title, kicker, lead, sections, footer }: Page): string {
  const links = sections.map(
    ({ id, title, navTitle }) => html`<li><a href="#${id}">${navTitle ?? title}</a></li>`,
  )
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title} · Eosin</title>
<style>${trustMarkup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="band"></div>
<div class="page">
<nav aria-label="Sections"><div class="brand">Eosin</div><ol>${links}</ol></nav>
<main id="content">
<header>
<p class="kicker"><b>Eosin</b>${kicker && html` · ${kicker}`}</p>
<h1>${title}</h1>
${lead && html`<p class="lead">${lead}</p>`}
</header>
${sections.map(renderSection)}
${footer && html`<footer>${footer}</footer>`}
</main>
</div>
</body>
</html>
`.markup
}

function renderSection({ id, title, badge, body }: Section): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<div class="head"><h2 id="${id}-title">${title}</h2>${badge}</div>
${body}
</section>
`
}
