import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ExplanationInput, renderExplanation } from './render-explanation.ts'

const parts = [
  { feature: 'count', value: 9, text: '9 payments of this card within 10 minutes', contribution: 4 },
  { feature: 'amount', value: 12, text: 'amount is 12', contribution: -1.5 },
]
const input: ExplanationInput = {
  bundle: 'cards@0123456789ab',
  name: 'order-1',
  probability: 0.9,
  isFraud: true,
  scale: 'log-odds',
  base: -2,
  output: 0.5,
  parts,
}

/** Name, figure, tone, left end and width of each bar. */
function barsOf(page: string) {
  const bar = /<li><span>([\s\S]*?)<\/span> <b>(.*?)<\/b>[\s\S]*?<rect class="(\w+)" x="([\d.]+)%" width="([\d.]+)%"/g
  return [...page.matchAll(bar)].map(([, name, figure, tone, left, width]) => {
    return { name, figure, tone, left: Number(left), right: Number(left) + Number(width) }
  })
}

test('each bar begins where the one before ended, from what is said of anybody to the answer', () => {
  const bars = barsOf(renderExplanation(input))
  assert.deepEqual(
    bars.map(({ name, figure, tone }) => [name, figure, tone]),
    [
      ['With nothing known', '−2.000', 'ink'],
      [parts[0].text, '+4.000', 'fraud'],
      [parts[1].text, '−1.500', 'legit'],
      ['The model’s answer', '0.500', 'ink'],
    ],
  )
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 0.5, `${a} is not ${b}`)
  near(bars[0].left, bars[1].left)
  near(bars[1].right, bars[2].right)
  near(bars[2].left, bars[3].left)
})

test('less depth in an isolation forest points to fraud', () => {
  const page = renderExplanation({ ...input, scale: 'depth' })
  assert.deepEqual(
    barsOf(page).map(({ tone }) => tone),
    ['ink', 'legit', 'fraud', 'ink'],
  )
  assert.match(page, /to the left towards fraud, to the right away from it/)
})

test('a row of which nothing is known, or of which nothing matters, is drawn, too', () => {
  for (const each of [
    { ...input, parts: [], output: -2 },
    { ...input, base: 0, output: 0, parts: [{ ...parts[0], contribution: 0 }] },
  ])
    assert.doesNotMatch(renderExplanation(each), /NaN|Infinity|undefined/)
})
