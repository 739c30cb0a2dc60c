import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { cardNumberDigits, holdsCardNumber } from './card-number.ts'

// Numbers that schemes and payment providers publish for tests; those of UATP, Mir, RuPay, Troy, Uzcard and Humo are made up.
const known = {
  Visa: ['4111111111111111', '4012888888881881', '4222222222222', '4000000000000000006'],
  Mastercard: ['5555555555554444', '5105105105105100', '2223003122003222', '2720992720992729'],
  'American Express': ['378282246310005', '371449635398431', '341111111111111'],
  Discover: ['6011111111111117', '6011000990139424', '6445644564456445', '6555900000604105'],
  'Diners Club': ['30569309025904', '38520000023237', '36227206271667', '3056930009020004', '39000000000013'],
  JCB: ['3530111333300000', '3566002020360505'],
  UnionPay: ['6200000000000005', '6205500000000000004', '8100000000000002'],
  Maestro: ['6304000000000000', '6759649826438453', '5018000000000009', '6331101999990016'],
  Dankort: ['5019717010103742'],
  UATP: ['135410014004955'],
  Mir: ['2200000000000004'],
  RuPay: ['6080000000000000', '8200000000000001'],
  Troy: ['9792000000000003'],
  Uzcard: ['8600000000000007'],
  Humo: ['9860000000000000'],
}

function passesLuhn(digits: string): boolean {
  const doubled = [...digits].reverse().map((digit, i) => String(Number(digit) * (i % 2 === 0 ? 1 : 2)))
  return [...doubled.join('')].reduce((sum, digit) => sum + Number(digit), 0) % 10 === 0
}

const ranges =
  /^(?:[456]|3[46-9]|30[0-5]|3095|352[89]|35[3-8]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|220[0-4]|8[12]|8600|9792|9860)/

function isCardNumber(stretch: string): boolean {
  const digits = stretch.replace(/[ -]/g, '')
  if (!/^\d{13,19}$/.test(digits) || !passesLuhn(digits)) return false
  return ranges.test(digits) || (digits.length === 15 && /^1(\d{3}(?!\d)|\d{14})/.test(stretch))
}

/** Every stretch of the text, the slow way, that begins and ends at the edges of groups of digits. */
function holdsOneSlowly(text: string): boolean {
  for (let start = 0; start < text.length; start++) {
    for (let end = start + 13; end <= text.length; end++) {
      const stretch = text.slice(start, end)
      if (!/^\d[\d -]*\d$/.test(stretch)) continue
      if (/\d/.test(text[start - 1] ?? '') || /\d/.test(text[end] ?? '')) continue
      if (isCardNumber(stretch)) return true
    }
  }
  return false
}

/** The digits with the last one such that Luhn passes. */
function complete(digits: string): string {
  for (let last = 0; last < 10; last++) if (passesLuhn(`${digits}${last}`)) return `${digits}${last}`
  return assert.fail(digits)
}

const digitsOf = (least: number, most: number) =>
  fc.array(fc.constantFrom(...'0123456789'), { minLength: least, maxLength: most }).map((digits) => digits.join(''))

const cardNumbers = fc
  .tuple(
    fc.constantFrom('4', '51', '2221', '2720', '34', '37', '6011', '62', '3589', '305', '2204', '8', '9792', '1'),
    digitsOf(11, 14),
  )
  .map(([prefix, rest]) => complete(`${prefix}${rest}`.slice(0, 18)))

const pieces = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(' ', '-', '  ', ' - ', 'x', '/', '.', ', ') },
  { weight: 3, arbitrary: digitsOf(1, 6) },
  { weight: 1, arbitrary: cardNumbers },
)

describe('a card number', () => {
  for (const [scheme, numbers] of Object.entries(known)) {
    test(`of ${scheme} is found, bare, in groups and among words`, () => {
      for (const number of numbers) {
        assert.ok(passesLuhn(number), `${number} is no example`)
        const inFours = number.replace(/(\d{4})(?=\d)/g, '$1 ')
        for (const text of [
          number,
          inFours,
          inFours.replaceAll(' ', '-'),
          `paid with ${inFours} 12/27`,
          `PAN${number}`,
          `"${number}"`,
          `${number}=2712101`,
          `\t${number}\n`,
        ]) {
          assert.ok(holdsCardNumber(text), text)
        }
        for (const text of [number, inFours, inFours.replaceAll(' ', '-'), ` ${inFours.replaceAll(' ', '  ')}-`]) {
          assert.equal(cardNumberDigits(text), number, text)
        }
      }
    })
  }

  test('is not found where a digit is wrong, missing, or the range is nobody’s', () => {
    for (const text of [
      '4111111111111112',
      '411111111111',
      complete('7000000000000000'.slice(1)),
      complete('000000000000000'),
      complete('202612240000000'),
      complete('310000000000000'),
      complete('272100000000000'),
      complete('1700000000000').slice(0, 13),
      complete('170000000000'),
      complete('170000000000000'),
      '',
      '4',
      'a text without any digits at all, however long it may be',
      '2026-11-24 12:30:00.000',
      '192.168.100.200:65535',
    ]) {
      assert.equal(holdsCardNumber(text), false, text)
      assert.equal(cardNumberDigits(text), undefined, text)
    }
  })

  test('of UATP is none where a time and a counter are joined', () => {
    const joined = ['1764000000-12345', '1764000000-12346', '1764000000123-45']
    for (let counter = 10_000; counter < 10_100; counter++) joined.push(`w1764000000-${counter}`)
    for (const id of joined) assert.equal(holdsCardNumber(id), false, id)
  })

  test('is no part of a longer number', () => {
    for (const text of [
      '1234567894111111111111111',
      '41111111111111110',
      '04111111111111111',
      '4111 1111 1111 11110',
    ]) {
      assert.equal(holdsCardNumber(text), false, text)
    }
  })

  test('is found beside other groups, but is then not all of the text', () => {
    for (const text of [
      '4111 1111 1111 1111 1227',
      '00 4111 1111 1111 1111',
      '4111111111111111, thanks',
      '4111111111111111 5555555555554444',
    ]) {
      assert.ok(holdsCardNumber(text), text)
      assert.equal(cardNumberDigits(text), undefined, text)
    }
  })

  test('is found in the digits of other scripts, and between spaces and dashes of any kind', () => {
    const inZeros = (zero: number) =>
      '4111111111111111'.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))
    for (const text of [
      ...[0xff10, 0x660, 0x6f0, 0x966, 0x1d7ce, 0x1d7f6].map(inZeros),
      '4111\u00a01111\u20111111\u20131111',
      '4111\u200b1111\u20601111\u00ad1111',
      '4111\u22121111\u30001111\ufeff1111',
      'Café 4111 1111 1111 1111',
    ]) {
      assert.ok(holdsCardNumber(text), text)
      if (!text.startsWith('Café')) assert.equal(cardNumberDigits(text), '4111111111111111', text)
    }
    assert.equal(holdsCardNumber('Café Müller, 1010 Wien, Straße 12'), false)
  })

  test('is not seen in hexadecimal identifiers of the usual forms', () => {
    assert.equal(holdsCardNumber('a1b2c3d4-e5f6-4111-a111-411111111111'), false)
    for (const hexadecimal of ['c4111111111111111f0e1d2c', 'ab4111111111111111cdefabcdefabcd']) {
      for (const text of [hexadecimal, `pay_${hexadecimal}`, `${hexadecimal.toUpperCase()}: paid`]) {
        assert.equal(holdsCardNumber(text), false, text)
      }
      assert.ok(holdsCardNumber(`${hexadecimal} 4111111111111111`))
      assert.ok(holdsCardNumber(`x${hexadecimal}`))
    }
    for (const other of ['abc4111111111111111', 'xyz-4111-1111-1111-1111', '4111111111111111-abcdef'])
      assert.ok(holdsCardNumber(other), other)
  })

  test('is found exactly where the slow definition finds one', () => {
    let found = 0
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
        const text = parts.join('')
        const holds = holdsOneSlowly(text)
        if (holds) found++
        assert.equal(holdsCardNumber(text), holds, text)
      }),
      { numRuns: 3000 },
    )
    assert.ok(found > 300, `${found} texts of 3,000 tell little`)
  })

  test('as the whole text is what it is without spaces and hyphens', () => {
    const grouped = fc.oneof(digitsOf(10, 21), cardNumbers).chain((digits) =>
      fc
        .array(fc.constantFrom('', '', ' ', '-', ' - '), { minLength: digits.length, maxLength: digits.length })
        .map((gaps) => ({
          digits,
          text: [...digits].map((digit, i) => digit + gaps[i]).join(''),
        })),
    )
    fc.assert(
      fc.property(grouped, ({ digits, text }) => {
        assert.equal(cardNumberDigits(text), isCardNumber(digits) ? digits : undefined, text)
        if (isCardNumber(digits) && digits[0] !== '1') assert.ok(holdsCardNumber(text), text)
      }),
      { numRuns: 2000 },
    )
  })
})
