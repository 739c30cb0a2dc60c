import type { TargetedPointerEvent } from 'preact'
import { formatShare } from '../../ui/figures.ts'
import { useWidth } from '../../ui/width.ts'
import { type Severity, severities, type Thresholds } from './policy-body.ts'

interface ScoreCurveProps {
  readonly scores: readonly number[]
  readonly thresholds: Thresholds
  readonly saved: Thresholds
  /** Missing where nothing may be moved. */
  readonly onMove: ((severity: Severity, value: number) => void) | undefined
}

const height = 200
const inset = { top: 22, right: 12, bottom: 20, left: 44 }
const steps = 200
const grain = 200

/**
 * How large a share of decisions has a score of at least so much, by the score; the share is drawn by its root, since most
 * scores are small. Thresholds are dragged where they stand; the fields beside it are the same for keys.
 */
export function ScoreCurve({ scores, thresholds, saved, onMove }: ScoreCurveProps) {
  const { element, width } = useWidth()
  const sorted = scores.toSorted((a, b) => a - b)
  const shareFrom = (score: number) => (sorted.length - countUnder(sorted, score)) / sorted.length
  const x = (score: number) => inset.left + score * (width - inset.left - inset.right)
  const y = (share: number) => height - inset.bottom - Math.sqrt(share) * (height - inset.top - inset.bottom)
  const line = Array.from({ length: steps + 1 }, (_, i) => `${x(i / steps)},${y(shareFrom(i / steps))}`).join(' ')
  const told = severities.flatMap((severity) => {
    const at = thresholds[severity]
    return at === undefined ? [] : [`${severity} from ${at}: ${formatShare(shareFrom(at))}`]
  })
  const drag = (severity: Severity) => (event: TargetedPointerEvent<SVGGElement>) => {
    if (onMove === undefined || event.buttons === 0) return
    if (event.type === 'pointerdown') event.currentTarget.setPointerCapture(event.pointerId)
    const { left = 0 } = event.currentTarget.ownerSVGElement?.getBoundingClientRect() ?? {}
    const score = (event.clientX - left - inset.left) / (width - inset.left - inset.right)
    onMove(severity, Math.round(Math.min(1, Math.max(0, score)) * grain) / grain)
  }
  return (
    <div class="curve" ref={element}>
      <svg width={width} height={height} role="img" aria-label={`Share of decisions by score. ${told.join(', ')}`}>
        {[0.01, 0.1, 0.5, 1].map((share) => (
          <g key={share}>
            <line class="grid" x1={inset.left} x2={width - inset.right} y1={y(share)} y2={y(share)} />
            <text x={inset.left - 6} y={y(share) + 4} text-anchor="end">
              {share * 100}%
            </text>
          </g>
        ))}
        {[0, 0.25, 0.5, 0.75, 1].map((score) => (
          <text key={score} x={x(score)} y={height - 4} text-anchor="middle">
            {score}
          </text>
        ))}
        <polyline points={line} />
        {severities.map((severity) => {
          const [now, before] = [thresholds[severity], saved[severity]]
          if (now === undefined) return null
          return (
            <g
              key={severity}
              class={`handle ${severity}${onMove === undefined ? '' : ' movable'}`}
              onPointerDown={drag(severity)}
              onPointerMove={drag(severity)}
            >
              {before !== undefined && before !== now && (
                <line class="before" x1={x(before)} x2={x(before)} y1={inset.top} y2={height - inset.bottom} />
              )}
              <rect class="grip" x={x(now) - 12} width={24} y={0} height={height - inset.bottom} />
              <line x1={x(now)} x2={x(now)} y1={inset.top} y2={height - inset.bottom} />
              <circle cx={x(now)} cy={y(shareFrom(now))} r={5} />
              <text class="flag" x={x(now)} y={14} text-anchor={now > 0.9 ? 'end' : 'middle'}>
                {severity} {formatShare(shareFrom(now))}
              </text>
            </g>
          )
        })}
      </svg>
    </div>
  )
}

/** How many of the sorted are under a value. */
function countUnder(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}
