import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { cardNumberDigits, holdsCardNumber } from './card-number.ts'
import { withoutReferences } from './known-references.ts'

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

/** The ranges again, as patterns of whole numbers. */
const usual = /^(?:4\d{15}|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13})$/
const others = [
  /^4(?:\d{12}|\d{18})$/,
  /^(?:5[06-9]|6\d|8[12])\d{14}$/,
  /^(?:5018|5020|5038|5893|6304|6390|67\d\d)(?:\d{9,11}|\d{13,15})$/,
  /^506[01]\d{14,15}$/,
  /^(?:6011|64[4-9]\d|65\d\d)\d{15}$/,
  /^6062(?:\d{9}|\d{15})$/,
  /^(?:62|81)\d{15,17}$/,
  /^(?:30[0-5]\d|3095|36\d\d|3[89]\d\d)(?:\d{10}|\d{12})$/,
  /^35(?:2[89]|[3-8]\d)\d{12,15}$/,
  /^2131\d{11}$/,
  /^220[0-4]\d{12,15}$/,
  /^(?:9792|8600|9860)\d{12}$/,
]
const ofUatp = /^1(?:\d{14}|\d{3}\D.*)$/s

function isCardNumber(stretch: string): boolean {
  const digits = stretch.replace(/\D/g, '')
  if (!passesLuhn(digits)) return false
  return [usual, ...others].some((range) => range.test(digits)) || (digits.length === 15 && ofUatp.test(stretch))
}

const separator = /^[^\da-z]{0,3}$/i

/** Every stretch of the text, the slow way. */
function holdsOneSlowly(text: string, isId: boolean): boolean {
  for (let start = 0; start < text.length; start++) {
    for (let end = start + 13; end <= text.length; end++) {
      const stretch = text.slice(start, end)
      if (!/^\d.*\d$/s.test(stretch)) continue
      const digits = stretch.replace(/\D/g, '')
      const separators = stretch.split(/\d+/).map((each) => each.replace(/(.)\1+/gs, '$1'))
      if (digits.length > 19 || !isCardNumber(stretch) || !separators.every((each) => separator.test(each))) continue
      const before = (/\d*$/.exec(text.slice(0, start))?.[0] ?? '').length
      const behind = (/^\d*/.exec(text.slice(end))?.[0] ?? '').length
      const isFirst = /(?<!\d)0*$/.test(text.slice(0, start))
      if (isFirst && behind === 0) return true
      if (isId || (digits.length === 15 && digits.startsWith('1'))) continue
      if (!/\D/.test(stretch) && before + digits.length + behind > 19) return true
      if (usual.test(digits) && (isFirst || (before <= 2 && behind === 0 && !/\D/.test(stretch)))) return true
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
    fc.constantFrom(13, 14, 15, 15, 16, 16, 16, 17, 18, 19),
    digitsOf(18, 18),
  )
  .map(([prefix, length, rest]) => complete(`${prefix}${rest}`.slice(0, length - 1)))

const pieces = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(' ', '-', '  ', ' - ', '---', 'x', '/', '.', ', ', '_', ' (') },
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

  test('is found right beside other digits in a text, not in an id', () => {
    for (const text of [
      '41111111111111111227',
      '20261127378282246310005',
      '1234567894111111111111111',
      '41111111111111110',
      '4111111111111111123',
      '74111111111111111',
      '4111-1111-1111-11111227',
    ]) {
      assert.ok(holdsCardNumber(text), text)
      assert.equal(holdsCardNumber(text, 'id'), false, text)
    }
    for (const text of ['0004111111111111111', '000000004111111111111111']) {
      assert.ok(holdsCardNumber(text, 'id'), text)
    }
    for (const text of ['1234111111111111111', '7777777777777777', '1234567890123456']) {
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

  test('is not found in Chinese and Japanese texts with numbers', () => {
    for (const text of [
      '二〇二六年十一月二十七日，在北京的超市购买了三公斤苹果、两瓶牛奶和四盒鸡蛋，共计一百三十五元六角二分',
      '電話 〇三-一二三四-五六七八 まで、東京都千代田区一丁目二番三号',
      '一、二、三、四、五、六、七、八、九',
      '第Ⅳ章 ①②③④⑤⑥⑦⑧⑨',
    ])
      assert.equal(holdsCardNumber(text), false, text)
  })

  test('is found behind escapes, layer by layer', () => {
    for (const text of [
      '%34%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31',
      '4111%201111%201111%201111',
      '4111&nbsp;1111&nbsp;1111&nbsp;1111',
      '4111&#45;1111&#x2d;1111&#45;1111',
      '4111\\u002d1111\\x2d1111-1111',
      '4111%25252D1111%25252D1111%25252D1111',
      '4111%A01111%A01111%A01111',
      '%EF%BC%94111111111111111',
    ]) {
      assert.ok(holdsCardNumber(text), text)
      assert.equal(cardNumberDigits(text), '4111111111111111', text)
    }
    for (const text of [
      ...[
        '100%25',
        '%zz%41',
        '&#99999999999999;',
        '&#xffffffffff',
        '\\u00',
        '\\u{ffffffff}',
        '\\U99999999',
        '\\o{77777777}',
      ],
      ...['\\', '&', '=', '<', '=3', '\\0', '%25', '&amp;', '<b'],
    ])
      assert.equal(holdsCardNumber(`${text} 1234567890123456`), false)
  })

  test('is not seen in a date with a time, a long digest or the number of a bank account', () => {
    for (const text of [
      ...['2026-11-30 22:01:04.123456789', '30.11.2026 04:11:11', '30/11/2026, 04:11', '11/30/2026 04:11:11.111111'],
      ...['20261127041111111111111', `${'4111111111111111'.repeat(3)}abcdefabcdefabcd`],
      ...['DE89370400440532013000', 'DE89 3704 0044 0532 0130 00', 'PL61109010140000071219812874'],
    ]) {
      assert.equal(holdsCardNumber(text), false, text)
      assert.ok(holdsCardNumber(`${text} / x4111111111111111`), text)
    }
    // No hour is 41, no month 13; and check digits that are wrong.
    for (const text of ['202611274111111111111111', '2026-13-30 41:11:11.111111', 'DE41 1111 1111 1111 11 1227'])
      assert.ok(holdsCardNumber(text), text)
    for (const other of ['abc4111111111111111', 'c4111111111111111f0e1d2c', '4111111111111111-abcdef'])
      assert.ok(holdsCardNumber(other), other)
  })

  test('has none of the digits of escapes, even where they make a card number, too', () => {
    // 3600%26 before ten digits: 16 of Diners Club as they stand, 14 without the escape.
    let found = 0
    for (let n = 0; n < 1000; n++) {
      const digits = `3600${String(1_234_567_000 + n)}`
      const text = digits.replace('3600', '3600%26')
      if (!isCardNumber(digits)) continue
      if (isCardNumber(text.replace('%', ''))) found++
      assert.equal(cardNumberDigits(text), digits)
    }
    assert.ok(found > 0)
  })

  test('is looked for behind escapes in time that grows with the text alone', () => {
    for (const piece of [
      '%61',
      '&amp;',
      '&#',
      '&#x0',
      '\\',
      '\\0',
      '<',
      '<b',
      '=3',
      '%',
      '\\u{0',
      '&a',
      '\u{e0031}',
      '一',
    ])
      assert.equal(holdsCardNumber(`${piece.repeat(100_000)} 1234567890123456`), false, piece)
  })

  test('is found exactly where the slow definition finds one', () => {
    let found = 0
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
        const text = withoutReferences(parts.join(''))
        for (const looked of ['text', 'id'] as const) {
          const holds = holdsOneSlowly(text, looked === 'id')
          if (holds) found++
          assert.equal(holdsCardNumber(text, looked), holds, `${looked}: ${text}`)
        }
      }),
      { numRuns: 3000 },
    )
    assert.ok(found > 600, `${found} texts of 3,000 tell little`)
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
