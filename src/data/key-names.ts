/** What a key stands for: who pays, who or what is paid at, or what it is paid with. */
export type KeyRole = 'payer' | 'payee' | 'means'

interface KnownKey {
  readonly key: string
  readonly role: KeyRole
  /** Names as `plainName` has them. */
  readonly names: readonly string[]
}

/** In the order in which they are asked, and in which they stand in a detector. */
const knownKeys: readonly KnownKey[] = [
  { key: 'card', role: 'payer', names: ['card', 'cc', 'pan', 'creditcard', 'card1', 'cardtoken', 'cardhash'] },
  {
    key: 'customer',
    role: 'payer',
    names: ['customer', 'cust', 'client', 'user', 'nameorig', 'sender', 'cardholder', 'buyer', 'payer'],
  },
  { key: 'account', role: 'payer', names: ['account', 'acct', 'iban', 'accountfrom'] },
  { key: 'email', role: 'payer', names: ['email', 'mail', 'emailaddress'] },
  { key: 'phone', role: 'payer', names: ['phone', 'mobile', 'msisdn'] },
  { key: 'device', role: 'means', names: ['device', 'deviceinfo', 'devicefingerprint', 'fingerprint'] },
  { key: 'ip', role: 'means', names: ['ip', 'ipaddress', 'ipaddr'] },
  { key: 'terminal', role: 'payee', names: ['terminal', 'pos', 'atm'] },
  { key: 'merchant', role: 'payee', names: ['merchant', 'store', 'shop', 'seller', 'vendor'] },
  {
    key: 'recipient',
    role: 'payee',
    names: ['recipient', 'namedest', 'beneficiary', 'payee', 'receiver', 'accountto'],
  },
]

/** Personal data that no model here is shown: who somebody is, and what law keeps decisions from resting on. */
const personalNames = new Set(
  (
    'first last name firstname lastname fullname surname street address dob birthdate dateofbirth ssn gender sex age ' +
    'race ethnicity religion nationality maritalstatus'
  ).split(' '),
)

/** What tells of a person without being a name: two or three of them together often fit one person alone. */
const quasiPersonalNames =
  /^(job(title)?|occupation|profession|employer|income|salary|education|zip\w*|post\w*code|postal\w*|addr\d|city|town|county)$/

/** Columns of numbers that are codes of places or kinds: they have no order. */
const codeNames = /^(zip\w*|post\w*code|postal\w*|addr\d|mcc|card[2-6]|bin|country\w*|region\w*|state|city)$/i

/** The name in small letters, without what sets words apart and without an ending that only says that it names something. */
function plainName(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '')
  return plain.replace(/(id|num|number|no|key|token|hash)$/, '') || plain
}

export function knownKeyOf(column: string): { readonly key: string; readonly role: KeyRole } | undefined {
  const plain = column.toLowerCase().replace(/[^a-z0-9]/g, '')
  return knownKeys.find(({ names }) => names.includes(plain) || names.includes(plainName(column)))
}

export function roleOf(key: string): KeyRole | undefined {
  return knownKeys.find((known) => known.key === key)?.role
}

export function orderOf(key: string): number {
  return knownKeys.findIndex((known) => known.key === key)
}

export function isPersonal(column: string): boolean {
  return personalNames.has(column.toLowerCase().replace(/[^a-z0-9]/g, ''))
}

/** Whether a column that is no key may still give a person away. */
export function isQuasiPersonal(column: string): boolean {
  return quasiPersonalNames.test(column.toLowerCase().replace(/[^a-z0-9]/g, ''))
}

export function isCode(column: string): boolean {
  return codeNames.test(column)
}

/** A balance as it is once the transaction is booked, which is after it was decided. */
export function isAfterwards(column: string): boolean {
  return /^new_?balance/i.test(column) || /balance_?(after|new)$/i.test(column)
}

/** A column's name as a name within a detector. */
export function declaredName(column: string): string {
  const snake = column
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
  return snake.slice(0, 40) || 'field'
}
