// How to do it again: command, recipe, versions, and what each stage took.

import { hideFolders } from '../../base/index.ts'
import { splitStage } from '../costs.ts'
import type { ReportData, RunForecast, StageTiming } from '../data.ts'
import { type Html, html } from '../html.ts'
import { formatCount, formatMemory, formatPlural, formatSeconds } from '../numbers.ts'
import type { Section } from '../page.ts'
import { renderTable } from '../parts.ts'

/** Command, recipe, versions, time and memory. */
export function renderRun(data: ReportData): Section {
  const { manifest, recipe, timings, forecast, cache } = data
  const command = ['eosin study run recipe.yaml --out ..']
  if (cache !== null) command.push('--cache', quoteArgument(cache))
  return {
    id: 'run',
    title: 'Run: how to do it again',
    navTitle: 'Run',
    body: html`<p>In the folder of this run, which holds <code>recipe.yaml</code>:</p>
<pre><code>${command.join(' ')}</code></pre>
<p>With the same data, recipe and versions, <code>metrics.json</code> and <code>manifest.json</code> come out the same
to the byte; a run that was stopped goes on from where it was.</p>
${recipe !== null && html`<details><summary>The recipe, complete with defaults <small>of paths outside the run folder, the name alone</small></summary><pre><code>${cutPaths(recipe)}</code></pre></details>`}
<div class="beside"><div><h3>Versions</h3>${renderTable(
      'Versions',
      html`<table><caption class="hidden">Versions of the software</caption><tbody>${Object.entries(
        manifest.versions,
      ).map(
        ([name, version]) => html`<tr><th scope="row">${name}</th><td>${version}</td></tr>`,
      )}<tr><th scope="row">${manifest.seeds.length === 1 ? 'seed' : 'seeds'}</th><td>${manifest.seeds.join(', ')}</td></tr></tbody></table>`,
      true,
    )}
</div>${timings.length > 0 && html`<div>${renderTimings(timings)}${forecast !== null && renderForecast(forecast)}</div>`}</div>
${timings.length > 0 && renderSteps(timings)}`,
  }
}

// Where data lie on its machine is nothing that a shared page needs to say.
function cutPaths(recipe: string): string {
  return hideFolders(recipe).replace(/(?:\.\.\/)+(?:[^\n"'/]+\/)*([^\n"'/]+)/g, '…/$1')
}

function quoteArgument(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function renderTimings(timings: readonly StageTiming[]): Html {
  const stages = new Map<string, StageTiming[]>()
  for (const timing of timings) {
    const { word } = splitStage(timing.stage)
    if (!stages.get(word)?.push(timing)) stages.set(word, [timing])
  }
  const sum = (own: readonly StageTiming[]) => own.reduce((total, { seconds }) => total + seconds, 0)
  const most = Math.max(...[...stages.values()].map(sum))
  return html`<h3>Time and memory</h3>${renderTable(
    'Time and memory by stage',
    html`<table><caption><span>By stage. What came out of the cache is listed with what it took when it was made.</span></caption><thead><tr><th scope="col">stage</th><th scope="col" class="n">time</th>
<th scope="col"><span class="hidden">share</span></th><th scope="col" class="n">steps</th><th scope="col" class="n">cached</th><th scope="col" class="n">peak memory</th></tr></thead><tbody>${[
      ...stages,
    ].map(
      ([
        word,
        own,
      ]) => html`<tr><th scope="row">${word}</th><td class="n">${formatSeconds(sum(own))}</td><td><span class="bar" style="width:9rem" aria-hidden="true"><i style="width:${
        most > 0 ? ((100 * sum(own)) / most).toFixed(1) : 0
      }%"></i></span></td>
<td class="n">${own.length}</td><td class="n">${own.filter(({ cached }) => cached).length}</td><td class="n">${formatMemory(Math.max(...own.map(({ peakRssMb }) => peakRssMb)))}</td></tr>`,
    )}</tbody></table>`,
    true,
  )}
`
}

// Beside the times of tasks, which several at a time take together.
function renderForecast({ tasks, unknown, jobs, forecast, outcome }: RunForecast): Html {
  const range =
    forecast.low < forecast.high && html` (${formatSeconds(forecast.low)} to ${formatSeconds(forecast.high)})`
  const bound =
    unknown > 0 && html` Nothing was known of ${formatCount(unknown)} of them: the forecast is of the others.`
  return html`${renderTable(
    'Forecast and outcome',
    html`<table><caption><span>The ${formatPlural(tasks, 'task')} that the last run found to do, ${formatPlural(jobs, 'job')} at a time:
what was forecast when it began, and what came of it.${bound}</span></caption><thead><tr><th scope="col"><span class="hidden">what</span></th><th scope="col" class="n">forecast</th><th scope="col" class="n">outcome</th></tr></thead><tbody>
<tr><th scope="row">time</th><td class="n">${formatSeconds(forecast.seconds)}${range}</td><td class="n">${formatSeconds(outcome.seconds)}</td></tr>
<tr><th scope="row">disk</th><td class="n">${formatMemory(forecast.bytes / 2 ** 20)}</td><td class="n">${formatMemory(outcome.bytes / 2 ** 20)}</td></tr>
<tr><th scope="row">memory</th><td class="n">${formatMemory(forecast.peakRssMb)}</td><td class="n">${formatMemory(outcome.peakRssMb)}</td></tr></tbody></table>`,
    true,
  )}`
}

function renderSteps(timings: readonly StageTiming[]): Html {
  return html`<details><summary>Every step <small>${formatPlural(timings.length, 'step')}</small></summary>${renderTable(
    'Time and memory of every step',
    html`<table><caption><span>Every step, in the order it was done.</span></caption><thead><tr><th scope="col">step</th><th scope="col" class="n">time</th><th scope="col" class="n">items</th><th scope="col" class="n">items/s</th>
<th scope="col" class="n">peak memory</th><th scope="col">cache</th></tr></thead><tbody>${timings.map(
      ({
        stage,
        seconds,
        items,
        peakRssMb,
        cached,
      }) => html`<tr><th scope="row">${stage}</th><td class="n">${formatSeconds(seconds)}</td><td class="n">${items ? formatCount(items) : '–'}</td>
<td class="n">${items && seconds > 0 ? formatCount(items / seconds) : '–'}</td><td class="n">${formatMemory(peakRssMb)}</td><td>${cached && html`<span class="pill plain">cached</span>`}</td></tr>`,
    )}</tbody></table>`,
    true,
  )}</details>`
}
