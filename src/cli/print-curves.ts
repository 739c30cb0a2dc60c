import { showEstimate } from '../evaluation/supported-digits.ts'
import type { Curve } from '../training/learning-curve.ts'
import type { Terminal } from './terminal.ts'

/** What parts of the training rows were worth on the test rows, and where that leads. */
export function printCurves(curves: readonly Curve[], terminal: Terminal): void {
  if (curves.length === 0) return
  terminal.say('learning curve, average precision on the same test rows')
  for (const { by, points, forecast = [], check } of curves) {
    const byShare = Map.groupBy(points, ({ share }) => share)
    for (const [share, each] of byShare) {
      const mean = each.reduce((sum, { averagePrecision }) => sum + averagePrecision, 0) / each.length
      terminal.say(`  ${(`${share * 100} % of the ${by}`).padEnd(26)}${mean.toFixed(4)}  ${each[0].frauds} frauds`)
    }
    for (const { times, frauds, averagePrecision } of forecast) {
      const { value, lower, upper } = showEstimate(averagePrecision)
      const what = `${times} times as ${by === 'frauds' ? 'many frauds' : 'much history'}`
      terminal.say(`  ${what.padEnd(26)}${value}  95 % from ${lower} to ${upper}, expected of ${frauds} frauds`)
    }
    if (check === undefined) continue
    const { value, lower, upper } = showEstimate(check.expected)
    terminal.say(
      `  a half and less led to ${value} (${lower} to ${upper}) for the whole, which has ${check.measured.toFixed(4)}: ` +
        (check.isWithin ? 'within' : 'outside, so trust what is expected less'),
    )
  }
}
