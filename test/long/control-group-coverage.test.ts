import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureCoverage } from '../control-group-coverage.ts'

const logs = Number(process.env.SHRIKE_LOGS ?? 40)

test('intervals that a control group tells of cover the truth in nine of ten logs', async (context) => {
  const { precision, recall, estimated, bias, precisionWidth, recallWidth } = await measureCoverage(logs, 4000)
  context.diagnostic(
    `precision ${precision} of ${logs}, mean width ${precisionWidth.toFixed(3)}, mean error ${bias.toFixed(4)}`,
  )
  context.diagnostic(`recall ${recall} of ${logs}, mean width ${recallWidth.toFixed(3)}`)
  assert.ok(estimated >= 0.95 * logs, `${estimated} estimates`)
  assert.ok(precision >= 0.9 * logs && recall >= 0.9 * logs, `${precision}, ${recall}`)
  assert.ok(precisionWidth < 0.5 && Math.abs(bias) < 0.05)
})
