/** First four digits from, to, and how many digits such numbers have in all. */
type Range = readonly [from: number, to: number, ...lengths: readonly number[]]

/** The ranges of most cards: few enough to be looked for inside longer runs of digits, too. */
const most: readonly Range[] = [
  [4000, 4999, 16], // Visa
  [5100, 5599, 16], // Mastercard
  [2221, 2720, 16],
  [3400, 3499, 15], // American Express
  [3700, 3799, 15],
]

/** Ranges of issuers (ISO/IEC 7812) by the schemes' own words and the tables of open libraries. */
const all: readonly Range[] = [
  ...most,
  [4000, 4999, 13, 19], // Visa
  [5000, 5099, 16], // Elo, Verve, Maestro
  [5060, 5061, 18, 19], // Verve
  [5600, 6999, 16], // Maestro, Discover, UnionPay, RuPay, Elo, Verve, Hipercard
  ...[5018, 5020, 5038, 5893, 6304, 6390].map((prefix): Range => [prefix, prefix, 13, 14, 15, 17, 18, 19]), // Maestro
  [6700, 6799, 13, 14, 15, 17, 18, 19],
  [6011, 6011, 19], // Discover
  [6062, 6062, 13, 19], // Hipercard
  [6440, 6599, 19], // Discover
  [6200, 6299, 17, 18, 19], // UnionPay
  [8100, 8199, 17, 18, 19],
  [8100, 8299, 16], // UnionPay, RuPay
  ...[3000, 3600, 3800, 3900].map((from): Range => [from, from + (from === 3000 ? 59 : 99), 14, 16]), // Diners Club
  [3095, 3095, 14, 16],
  [3528, 3589, 16, 17, 18, 19], // JCB
  [2131, 2131, 15],
  [2200, 2204, 16, 17, 18, 19], // Mir
  [9792, 9792, 16], // Troy
  [8600, 8600, 16], // Uzcard
  [9860, 9860, 16], // Humo
  [1000, 1999, 15], // UATP
]

/** The lengths in use by a number's first four digits: bit n for numbers of n digits. */
export const lengthsInUse = lengthsOf(all)
export const lengthsOfMost = lengthsOf(most)

function lengthsOf(ranges: readonly Range[]): Int32Array {
  const bits = new Int32Array(10_000)
  for (const [from, to, ...lengths] of ranges) {
    const mask = lengths.reduce((all, length) => all | (1 << length), 0)
    for (let prefix = from; prefix <= to; prefix++) bits[prefix] |= mask
  }
  return bits
}
