import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Detector, formatDetector, parseDetectorFile } from './detector.ts'
import { FraudError } from './errors.ts'

const detector: Detector = {
  detector: 'creditcard',
  transaction: {
    time: { field: 'Time', format: 'seconds-since' },
    amount: { field: 'Amount' },
    label: { field: 'Class' },
  },
  features: ['V1', 'Amount'],
}

function reasonOf(text: string): string {
  try {
    parseDetectorFile(text, 'bad.yaml')
  } catch (error) {
    assert.ok(error instanceof FraudError && error.code === 'DETECTOR_INVALID')
    return error.message
  }
  return assert.fail('it was accepted')
}

describe('a detector file', () => {
  test('reads back as it was written', () => {
    assert.deepEqual(parseDetectorFile(formatDetector(detector), 'creditcard.yaml').detector, detector)
  })

  test('that is wrong names the line, the field and what is allowed', () => {
    const text = formatDetector(detector)
    assert.match(
      reasonOf(text.replace('seconds-since', 'seconds')),
      /bad\.yaml:\d+: transaction\.time\.format: .*"epoch-s"/,
    )
    assert.match(reasonOf(text.replace('label:', 'lable:')), /bad\.yaml:\d+: transaction.*lable/)
    assert.match(reasonOf('features:\n\t- V1\n'), /bad\.yaml:2: .*spaces, not tabs/)
    assert.match(reasonOf(''), /bad\.yaml/)
    assert.match(reasonOf(text.replace('creditcard', '"no such name!"')), /bad\.yaml:1: detector: use letters/)
  })
})
