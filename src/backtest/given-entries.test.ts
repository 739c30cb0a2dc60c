import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { inMemory, parseDetector } from '../detector/detector.ts'
import type { PersonalValues } from '../log/personal-values.ts'
import { concealEntries } from './given-entries.ts'
import { wantedOf } from './wanted.ts'

const detector = parseDetector({
  detector: 'cards',
  transaction: {
    id: 'ID',
    time: { field: 'AT', format: 'iso' },
    keys: { customer: 'CUSTOMER', card: 'PAN', device: 'DEVICE' },
    personal: ['customer'],
    hashCardNumber: ['PAN'],
    label: { field: 'FRAUD' },
  },
  features: [{ count: { by: 'customer', over: '1h' } }],
})
const wanted = wantedOf({ detector, locate: inMemory }, true)
const token = (_: string, value: string) => (value === 'anna' ? 'tok_anna' : undefined)
const persons: PersonalValues = {
  ...{ forgettings: 0, known: token, tokenOf: token, lookUp: async () => [] },
  valueOf: () => undefined,
}
const conceal = (of: string, ...values: string[]) =>
  concealEntries(
    values.map((value) => ({ value, note: 'seen' })),
    of,
    wanted,
    persons,
  )

afterEach(() => {
  delete process.env.SHRIKE_CARD_KEY
})

test('persons become their tokens, and those who never came are counted', () => {
  const { entries, strangers } = conceal('customer', 'anna', 'ben')
  assert.deepEqual(entries, [{ value: 'tok_anna', note: 'seen' }])
  assert.equal(strangers, 1)
})

test('card numbers become the hashes that the log has, and are refused without their key', () => {
  process.env.SHRIKE_CARD_KEY = 'k'.repeat(32)
  assert.match(conceal('card', '4111111111111111').entries[0].value, /^pan_/)
  delete process.env.SHRIKE_CARD_KEY
  assert.throws(() => conceal('card', '4111111111111111'), { code: 'OPTION_INVALID' })
})

test('other values stay, and a card number among them is refused', () => {
  assert.deepEqual(conceal('device', 'd1').entries, [{ value: 'd1', note: 'seen' }])
  assert.throws(() => conceal('device', '4111111111111111'), { code: 'CARD_NUMBER_REFUSED' })
})
