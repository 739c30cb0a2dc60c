import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureCoverage } from '../control-group-coverage.ts'

test('intervals that a control group tells of cover the truth in 90 to 100 of 100 logs', async (context) => {
  const { precision, recall, estimated, bias, precisionWidth, recallWidth } = await measureCoverage(100, 4000)
  context.diagnostic(
    `precision ${precision} of 100, mean width ${precisionWidth.toFixed(3)}, mean error ${bias.toFixed(4)}`,
  )
  context.diagnostic(`recall ${recall} of 100, mean width ${recallWidth.toFixed(3)}`)
  assert.ok(estimated >= 95, `${estimated} estimates`)
  assert.ok(precision >= 90 && recall >= 90, `${precision}, ${recall}`)
  assert.ok(precisionWidth < 0.5 && Math.abs(bias) < 0.05)
})
