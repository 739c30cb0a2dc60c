import type { SegmentFigures } from '../evaluation/segment-figures.ts'
import { showShare } from '../evaluation/supported-digits.ts'
import type { TestBreakdown } from '../training/test-breakdown.ts'
import type { Terminal } from './terminal.ts'

const mostTold = 5

/** Names the segments and periods where the model is worse than on all test rows by more than chance explains. */
export function printWeakSpots({ segments, periods }: TestBreakdown, terminal: Terminal): void {
  const all = [
    ...segments.flatMap(({ by, groups }) => groups.map((figures) => ({ where: `${by} ${figures.name}`, figures }))),
    ...(periods?.groups ?? []).map((figures) => ({ where: `the ${periods?.unit} from ${figures.name}`, figures })),
  ]
  const weak = all.filter(({ figures }) => figures.weakIn.length > 0)
  if (weak.length === 0) return
  terminal.say('weak spots, beyond what chance explains')
  for (const { where, figures } of weak.slice(0, mostTold)) terminal.say(`  ${where}: ${tell(figures)}`)
  if (weak.length > mostTold) terminal.say(`  and ${weak.length - mostTold} more, in the report and in --json`)
}

function tell({ recall, expected, found, weakIn }: SegmentFigures): string {
  const count = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })
  const told = weakIn.map((what) => {
    if (what === 'calibration') return `${count(expected)} frauds expected, ${count(found.value)} found`
    const shown = recall && showShare(recall)
    return shown === undefined ? '' : `recall ${shown.value}% (95 % from ${shown.lower} to ${shown.upper})`
  })
  return told.join('; ')
}
