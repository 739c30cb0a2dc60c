import { useState } from 'preact/hooks'
import type { paths } from '../../api/schema.d.ts'
import { useWidth } from '../../ui/width.ts'
import './performance-plot.css'

export type Week =
  paths['/v1/monitoring/performance']['get']['responses']['200']['content']['application/json']['weeks'][number]

const figures = [
  { name: 'recall', title: 'recall' },
  { name: 'precision', title: 'precision' },
  { name: 'averagePrecision', title: 'average precision' },
] as const

const height = 190
const inset = { top: 12, right: 14, bottom: 24, left: 46 }

/** One figure week by week with its interval, hollow while labels are still to come, beside what the evaluation promised. */
export function PerformancePlot({ weeks }: { readonly weeks: readonly Week[] }) {
  const [chosen, setChosen] = useState<(typeof figures)[number]['name']>('recall')
  const known = weeks.toReversed().filter((week) => week[chosen] !== null)
  const title = figures.find(({ name }) => name === chosen)?.title ?? chosen
  return (
    <section class="panel">
      <header>
        <h2>As labels mature</h2>
        <fieldset class="row tabs" aria-label="Figure">
          {figures.map(({ name, title: text }) => (
            <button
              type="button"
              key={name}
              class="button quiet small"
              aria-pressed={name === chosen}
              onClick={() => setChosen(name)}
            >
              {text}
            </button>
          ))}
        </fieldset>
      </header>
      {known.length === 0 ? (
        <p class="inside muted">
          {weeks[0]?.notKnown[chosen] ?? 'There is nothing to show of any week yet'}. It appears as labels come.
        </p>
      ) : (
        <Plot weeks={known} figure={chosen} title={title} />
      )}
    </section>
  )
}

interface PlotProps {
  readonly weeks: readonly Week[]
  readonly figure: (typeof figures)[number]['name']
  readonly title: string
}

function Plot({ weeks, figure, title }: PlotProps) {
  const { element, width } = useWidth()
  const starts = [...new Set(weeks.map(({ week }) => week))]
  const models = [...new Set(weeks.map(({ model }) => model))]
  const step = (width - inset.left - inset.right) / Math.max(1, starts.length)
  // Models of one week stand side by side.
  const x = ({ week, model }: Week) =>
    inset.left + step * (starts.indexOf(week) + (models.indexOf(model) + 1) / (models.length + 1))
  const y = (share: number) => inset.top + (1 - share) * (height - inset.top - inset.bottom)
  const promised = weeks.findLast((week) => week.promised?.[figure])?.promised?.[figure]
  const newest = weeks.at(-1)
  const maturing = weeks.filter(({ isMature }) => !isMature).length
  const said = `${title} of ${starts.length} ${starts.length === 1 ? 'week' : 'weeks'}, ${percent(newest?.[figure]?.value)} in the newest`
  const everyLabel = Math.ceil(70 / step)
  return (
    <div class="performance" ref={element}>
      <svg width={width} height={height} role="img" aria-label={said}>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line class="grid" x1={inset.left} x2={width - inset.right} y1={y(share)} y2={y(share)} />
            <text x={inset.left - 8} y={y(share) + 4} text-anchor="end">
              {share * 100}%
            </text>
          </g>
        ))}
        {promised && (
          <line
            class="promised"
            x1={inset.left}
            x2={width - inset.right}
            y1={y(promised.value)}
            y2={y(promised.value)}
          />
        )}
        {starts.map((week, i) =>
          i % everyLabel === 0 ? (
            <text key={week} x={inset.left + step * (i + 0.5)} y={height - 6} text-anchor="middle">
              {day.format(new Date(week))}
            </text>
          ) : null,
        )}
        {weeks.map((week) => {
          const found = week[figure]
          return found === null ? null : (
            <g key={`${week.week} ${week.model}`} class={week.isMature ? 'mature' : 'maturing'}>
              <title>{`${week.model}: ${percent(found.value)}, ${percent(found.lower)} to ${percent(found.upper)}`}</title>
              <line x1={x(week)} x2={x(week)} y1={y(found.lower)} y2={y(found.upper)} />
              <circle cx={x(week)} cy={y(found.value)} r={4.5} />
            </g>
          )
        })}
      </svg>
      <p class="muted small">
        {`${said.charAt(0).toUpperCase()}${said.slice(1)}`}
        {promised && `; the dashed line is what the evaluation promised, ${percent(promised.value)}`}
        {!promised && newest?.promised && '; the evaluation did not measure it at the thresholds in force'}
        {maturing > 0 && '. Hollow: labels are still to come, so frauds are missing'}.
      </p>
    </div>
  )
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })

function percent(share: number | undefined): string {
  return share === undefined ? '–' : `${(share * 100).toFixed(0)}%`
}
