import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertClose } from '../../test/close.ts'
import { goldenDataSets, sklearn } from '../../test/golden/metrics.ts'
import { classificationReport, formatClassificationReport } from './classification-report.ts'
import { predictLabels } from './metrics.ts'

describe(`the classification report is that of ${sklearn}`, () => {
  for (const golden of goldenDataSets) {
    const { name, labels, scores, weights, threshold } = golden
    const report = classificationReport(labels, predictLabels(scores, { value: threshold, inclusive: true }), weights)

    test(`in numbers, on ${name}`, () => {
      const pairs = [
        [report.legitimate, golden.report['0']],
        [report.fraud, golden.report['1']],
        [report.macroAverage, golden.report['macro avg']],
        [report.weightedAverage, golden.report['weighted avg']],
      ] as const
      for (const [ours, theirs] of pairs) {
        assertClose(ours.precision, theirs.precision, 1e-12, 'precision')
        assertClose(ours.recall, theirs.recall, 1e-12, 'recall')
        assertClose(ours.f1, theirs['f1-score'], 1e-12, 'f1')
        assertClose(ours.support, theirs.support, 1e-12, 'support')
      }
      assertClose(report.accuracy, golden.report.accuracy, 1e-12, 'accuracy')
    })

    test(`to the letter, on ${name}`, () => {
      const format = weights === undefined ? {} : { weighted: true }
      assert.equal(formatClassificationReport(report, format), golden.text2)
      assert.equal(formatClassificationReport(report, { ...format, digits: 4 }), golden.text4)
      assert.equal(formatClassificationReport(report, { ...format, digits: 14 }), golden.text14)
    })
  }
})

test('supports that are not whole are printed as weights without being told', () => {
  const report = classificationReport(Uint8Array.of(0, 1), Uint8Array.of(0, 1), Float64Array.of(6.84, 1))
  assert.match(formatClassificationReport(report), /0 {7}1\.00 {6}1\.00 {6}1\.00 {6}6\.84\n/)
  assert.match(formatClassificationReport(report), /1 {7}1\.00 {6}1\.00 {6}1\.00 {7}1\.0\n/)
})
