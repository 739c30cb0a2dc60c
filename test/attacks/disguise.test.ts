import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holdsCardNumber } from '../../src/core/card-number.ts'
import { createRandom } from '../../src/core/random.ts'
import { disguises } from './disguises.ts'
import { honestNumbers, keptOf, numbersOfCards } from './numbers.ts'
import { referenceShapes } from './references.ts'

test('a card number is found in every disguise, among other digits in texts alone', () => {
  assert.ok(disguises.length >= 150)
  for (const { name, text, isWithin = false } of disguises) {
    assert.ok(holdsCardNumber(text), name)
    assert.equal(holdsCardNumber(text, 'id'), !isWithin, name)
  }
})

for (const [i, { name, most, make }] of referenceShapes.entries()) {
  test(`few of references are taken for card numbers: ${name}`, () => {
    const random = createRandom(1, i)
    const count = 20_000
    let alarms = 0
    for (let n = 0; n < count; n++) if (holdsCardNumber(make(random))) alarms++
    // Three standard deviations of what chance makes of so few.
    assert.ok(alarms <= count * most + 3 * Math.sqrt(count * most), `${alarms} of ${count}`)
  })
}

test('a card number with a decimal point is refused as an amount, and not kept as a coordinate', () => {
  assert.ok(numbersOfCards.length > 150)
  for (const { field, value } of numbersOfCards) {
    const kept = keptOf(field, value)
    if (field === 'AMOUNT') assert.equal(kept, undefined, String(value))
    else assert.ok(typeof kept === 'number' && kept !== value && String(kept).length < 13, String(value))
  }
})

for (const [i, { name, field, most, make }] of honestNumbers.entries()) {
  test(`few honest numbers are refused: ${name}`, () => {
    const random = createRandom(2, i)
    let refused = 0
    for (let n = 0; n < 20_000; n++) if (keptOf(field, make(random)) === undefined) refused++
    assert.ok(refused <= 20_000 * most, `${refused} of 20,000`)
  })
}
