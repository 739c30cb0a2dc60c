import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatCount,
  formatGeneral,
  formatMetric,
  formatNumberOf,
  formatPer100,
  formatPercent,
  formatPower,
  formatThreshold,
  formatTick,
} from './format.ts'

const formats = { formatCount, formatGeneral, formatMetric, formatPer100, formatPercent, formatThreshold }

test('groups counts by thousands and rounds weighted ones', () => {
  assert.deepEqual([0, 999, 284807, 1234.6, -5].map(formatCount), ['0', '999', '284,807', '1,235', '−5'])
})

test('shows metrics with three significant digits, however small', () => {
  assert.deepEqual([0.80398, 1, 0, 0.00096557, 0.0000012].map(formatMetric), ['0.804', '1', '0', '0.000966', '1.2e−6'])
})

test('shows column figures from tiny to huge', () => {
  assert.deepEqual(
    [88.34961, 25691.16, -0.00012, 1e300, 94813.8596].map((value) => formatGeneral(value)),
    ['88.35', '25,691', '−0.0001200', '1.00e300', '94,814'],
  )
})

test('never rounds a share that is not all or nothing to all or nothing', () => {
  assert.deepEqual([0, 1, 0.873, 0.001727, 0.99967, 0.0000004].map(formatPercent), [
    '0%',
    '100%',
    '87.3%',
    '0.17%',
    '99.967%',
    '4.0e−5%',
  ])
  assert.deepEqual([0, 1, 0.5049, 0.996, 0.002, 0.00002, 0.99999].map(formatPer100), [
    '0',
    '100',
    '50',
    '99.6',
    '0.2',
    'fewer than 0.1',
    'more than 99.9',
  ])
})

test('shortens ticks and thresholds', () => {
  assert.deepEqual([0.2, 1500, 2e6, 3e9].map(formatTick), ['0.2', '1.5k', '2M', '3G'])
  assert.deepEqual([0.5, 0.21374, 0.00042, 1].map(formatThreshold), ['0.5', '0.2137', '0.00042', '1'])
  assert.deepEqual([-4, -2, 0, 3].map(formatPower), ['10⁻⁴', '0.01', '1', '1k'])
})

test('knows one from many', () => {
  assert.deepEqual(
    [1, 0, 2000].map((count) => formatNumberOf(count, 'fraud')),
    ['1 fraud', '0 frauds', '2,000 frauds'],
  )
})

test('shows a figure that does not exist as a dash, an endless one as such, and none as NaN or -0', () => {
  for (const format of Object.values(formats)) {
    assert.deepEqual(
      [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0].map((value) => format(value)).slice(0, 3),
      ['–', '∞', '−∞'],
    )
    assert.match(format(-0), /^0%?$/)
    fc.assert(
      fc.property(fc.double(), (value) => {
        assert.doesNotMatch(format(value), /NaN|Infinity|undefined/)
        assert.ok(format(value).length <= 24, format(value))
      }),
    )
  }
})
