// How far a study is: its steps by stage with their rates, what is in work, what failed, and its log.

import type { RunProgress } from '../../../../src/serve/browser.ts'
import { Notice } from '../../parts/notice.tsx'
import { formatCount, formatNumber, formatRate, formatSeconds, formatWhen } from '../../parts/numbers.ts'
import { Scroll } from '../../parts/scroll.tsx'

export function Progress({ progress }: { readonly progress: RunProgress }) {
  const { state, counts, stages, running, failed, log, problem } = progress
  const total = counts.done + counts.running + counts.waiting + counts.failed + counts.skipped
  const isAtWork = state === 'running' || state === 'starting'
  return (
    <section aria-labelledby="progress">
      <h2 id="progress">Progress</h2>
      {problem && (
        <Notice kind="warning" title={problem.where}>
          {[problem.expected && `expected ${problem.expected}`, problem.got && `got ${problem.got}`]
            .filter(Boolean)
            .join(', ')}
          {problem.hint && `; ${problem.hint}`}
        </Notice>
      )}
      {state === 'starting' && <p role="status">The process of the study is starting.</p>}
      {isAtWork && total === 0 && state !== 'starting' && (
        <p role="status">Its patches are being hashed; how many steps there are is known after that.</p>
      )}
      {total > 0 && (
        <>
          <div class="progress">
            <span role="status">
              {formatCount(counts.done)} of {formatNumber(total, 'step')} done
              {counts.running > 0 && `, ${counts.running} in work`}
              {counts.failed > 0 && `, ${counts.failed} failed`}
              {isAtWork && `; ${describeLeft(progress)}`}
            </span>
            <progress aria-label="Steps done" max={total} value={counts.done} />
          </div>
          <details open={isAtWork}>
            <summary>Steps by stage</summary>
            <Scroll label="Table of steps by stage">
              <table>
                <thead>
                  <tr>
                    {['Stage', 'Done', 'In work', 'Waiting', 'Failed', 'Patches or rows of one step'].map(
                      (title, i) => (
                        <th key={title} scope="col" class={i > 0 ? 'n' : undefined}>
                          {title}
                        </th>
                      ),
                    )}
                  </tr>
                </thead>
                <tbody>
                  {stages.map((stage) => (
                    <tr key={stage.stage}>
                      <th scope="row">{stage.stage}</th>
                      {[stage.done, stage.running, stage.waiting, stage.failed].map((count, i) => (
                        <td key={`${stage.stage} ${i}`} class="n">
                          {count}
                        </td>
                      ))}
                      <td class="n">{formatRate(stage.itemsPerSecond)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          </details>
        </>
      )}
      {running.length > 0 && (
        <ul>
          {running.map(({ stage, what, items, since, host }) => (
            <li key={`${stage} ${what}`}>
              {stage} {what}: {formatNumber(items, 'patch or row', 'patches or rows')}
              {since && `, for ${formatSeconds((Date.now() - Date.parse(since)) / 1000)}`} on {host}
            </li>
          ))}
        </ul>
      )}
      {failed.map(({ stage, what, reason }) => (
        <Notice key={`${stage} ${what}`} kind="error" title={`Not made: ${stage} ${what}`}>
          {reason}
        </Notice>
      ))}
      {log.length > 0 && (
        <details open={state !== 'done'}>
          <summary>Log, the last {formatNumber(log.length, 'line')}</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reached from the keyboard */}
          <section class="log" tabIndex={0} aria-label="Log">
            {log.map(({ at, level, text }, i) => (
              <div key={`${i} ${text}`} class={level}>
                {at && <time dateTime={at}>{formatWhen(at)}</time>}{' '}
                {level !== 'info' && <strong>{level}</strong>} {text}
              </div>
            ))}
          </section>
        </details>
      )}
    </section>
  )
}

function describeLeft({ secondsLeft, unknownStages }: RunProgress): string {
  if (secondsLeft === null) return 'when it ends is not known yet'
  const rest =
    unknownStages.length > 0
      ? `, and the steps of ${unknownStages.join(', ')}, of which none is done yet`
      : ''
  return `about ${formatSeconds(secondsLeft)} left if as many run at a time as now${rest}`
}
