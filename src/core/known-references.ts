const year = '(?:19|20)\\d\\d'
const month = '(?:0[1-9]|1[0-2])'
const day = '(?:0[1-9]|[12]\\d|3[01])'
const clock = '(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:[.,]\\d{1,9})?)?'

/** 2026-11-27 09:30:00.123, 27.11.2026 09:30, 20261127093000123. */
const dateWithTime = new RegExp(
  `(?<!\\d)(?:(?:${year}([-/.])${month}\\1${day}|${day}([-/.])${month}\\2${year}|${month}/${day}/${year})[T_, ]{1,2}${clock}` +
    `|${year}${month}${day}(?:[01]\\d|2[0-3])[0-5]\\d[0-5]\\d\\d{0,9})(?!\\d)`,
  'gi',
)

/** SHA-256 and what is as long: of such digests one in 800 has decimal digits in a row that look like a card number. */
const longHexadecimal = /(?<![\da-z])(?=\d*[a-f])(?:[\da-f]{32}){2,4}(?![\da-z])/gi

const accountNumber = /(?<![\da-z])[a-z]{2}\d{2}(?:(?: ?[\da-z]{4}){2,7}(?: ?[\da-z]{1,3})?)(?![\da-z])/gi

/**
 * What only looks like a card number now and then, and can be told for what it is: dates with times, digests, and bank
 * accounts (IBAN) by their check digits.
 */
export function withoutReferences(text: string): string {
  return text
    .replace(dateWithTime, 'x')
    .replace(longHexadecimal, 'x')
    .replace(accountNumber, (found) => (isAccountNumber(found.replaceAll(' ', '')) ? 'x' : found))
}

/** ISO 13616: the first four characters last, letters as 10 to 35, and the rest of the division by 97 is 1. */
function isAccountNumber(account: string): boolean {
  let rest = 0
  for (const character of account.slice(4) + account.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value < 10 ? 10 : 100) + value) % 97
  }
  return rest === 1
}
