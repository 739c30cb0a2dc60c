import type { Random } from '../../src/core/random.ts'
import type { Declaration, Declarations, Subject } from '../../src/language/index.ts'

const windows = ['10m', '1h', '24h', '7d', '30d']
const keys = ['card', 'customer', 'device', 'ip']
const counts = keys.flatMap((key) => windows.map((window) => `${key}_count_${window}`))
const means = keys.flatMap((key) => windows.slice(2).map((window) => `${key}_amount_mean_${window}`))
const rates = ['terminal_fraud_rate_7d', 'terminal_fraud_rate_30d', 'ip_fraud_rate_7d']
const sights = ['card_first_seen_device', 'card_first_seen_country', 'customer_first_seen_merchant']
const others = ['score', 'card_speed_from_last', 'card_distance_from_last', 'customer_age_days']
const numbers = ['amount', 'time', ...others, ...counts, ...means, ...rates, ...sights]
const texts = ['country', 'ip_country', 'channel', 'mcc', 'email', 'currency', 'device', 'card']
const tokens = ['device', 'card']
const lists = ['blocked_devices', 'watched_cards', 'mule_cards', 'trusted_customers']

const countries = 'AT BE CH CZ DE DK ES FI FR GB IE IT NG NL NO PL PT RO SE US'.split(' ')
const channels = ['online', 'pos', 'atm', 'moto']
const mccs = ['5411', '5732', '5812', '5912', '5999', '6011', '6051', '7995', '4829', '4121', '5541', '7011']
const currencies = ['EUR', 'USD', 'GBP', 'CHF']
const domains = ['example.com', 'mail.example', 'temp.example', 'post.example']

/** What a detector of an online shop's card payments declares. */
export const declarations: Declarations = {
  names: new Map([
    ...numbers.map((name, slot): [string, Declaration] => {
      const type = name === 'time' ? 'timestamp' : 'double'
      return [name, { type, slot, always: name === 'time' || name === 'amount' }]
    }),
    ...texts.map((name, slot): [string, Declaration] => {
      return [name, { type: tokens.includes(name) ? 'token' : 'string', slot }]
    }),
  ]),
  lists: new Map(lists.map((name, place) => [name, place])),
}

/** A rule such as those that fraud teams write; of all of them few are true of a payment. */
export function drawRule(random: Random): string {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]
  const amount = () => Math.round(10 ** (1 + 2.5 * random.uniform()))
  const shapes: readonly (() => string)[] = [
    () => `${pick(counts)} > ${6 + random.integer(40)} && amount < ${1 + random.integer(5)}.0`,
    () => `${pick(counts)} > ${10 + random.integer(60)} && channel == "${pick(channels)}"`,
    () => `country != ip_country && amount > ${amount()} && country == "${pick(countries)}"`,
    () => `${pick(sights)} == 1 && amount > ${amount()} && score > 0.${1 + random.integer(9)}`,
    () => `card_speed_from_last > ${500 + random.integer(900)} && card_distance_from_last > ${random.integer(900)}`,
    () => `time.getHours("Europe/Berlin") < ${1 + random.integer(5)} && amount > ${amount()} && channel == "atm"`,
    () => `device in lists.blocked_devices || card in lists.${pick(lists)} && amount > ${amount()}`,
    () => `score >= 0.${5 + random.integer(4)} && country == "${pick(countries)}" && currency != "${pick(currencies)}"`,
    () => `mcc in ["${pick(mccs)}", "${pick(mccs)}", "${pick(mccs)}"] && customer_age_days < ${1 + random.integer(60)}`,
    () => `amount > ${2 + random.integer(20)} * ${pick(means)} && ${pick(counts)} >= ${3 + random.integer(20)}`,
    () => `${pick(rates)} > 0.${1 + random.integer(8)} && mcc == "${pick(mccs)}" && amount > ${amount()}`,
    () => `email.endsWith("@${pick(domains)}") && customer_age_days < ${1 + random.integer(9)} && amount > ${amount()}`,
    () => `email.matches("^[a-z]+[0-9]{${4 + random.integer(4)},}@") && country == "${pick(countries)}"`,
    () => `country in ["${pick(countries)}", "${pick(countries)}"] && ip_country == "${pick(countries)}"`,
  ]
  return pick(shapes)()
}

/** A payment; now and then a value of it is missing. */
export function drawSubject(random: Random): Subject {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]
  const row = new Float64Array(numbers.length)
  for (const [slot, name] of numbers.entries()) row[slot] = drawNumber(random, name)
  const device = `d${random.integer(100_000)}`
  const card = `c${random.integer(100_000)}`
  const email = `${pick(['anna', 'ben', 'x'])}${random.integer(3) === 0 ? random.integer(1e6) : ''}@${pick(domains)}`
  const [country, ip] = [pick(countries), pick(countries)]
  const drawn = [country, random.integer(10) > 0 ? country : ip, pick(channels), pick(mccs), email, 'EUR', device, card]
  const isMissing = () => random.integer(20) === 0
  return { numbers: row, texts: drawn.map((text) => (isMissing() ? undefined : text)), lists: drawnLists }
}

const drawnLists = lists.map(
  (_, list) => new Set(Array.from({ length: 500 }, (_, i) => `${'dccc'[list]}${i * 199 + list}`)),
)

function drawNumber(random: Random, name: string): number {
  if (name === 'time') return Date.UTC(2026, 0, 1) + random.integer(30 * 86_400) * 1000
  if (name === 'amount') return Math.round(100 * Math.exp(3 + random.normal())) / 100
  if (random.integer(20) === 0) return Number.NaN
  if (name === 'score') return random.uniform() ** 4
  if (counts.includes(name)) return 1 + Math.floor(Math.exp(1 + random.normal()))
  if (means.includes(name)) return Math.exp(3 + random.normal() / 2)
  if (rates.includes(name)) return random.uniform() ** 6
  if (sights.includes(name)) return random.integer(10) === 0 ? 1 : 0
  return Math.exp(4 + 1.5 * random.normal())
}
