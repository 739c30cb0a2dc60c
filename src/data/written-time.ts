/** Which comes first in a date of three numbers: the day or the month. */
export type DateOrder = 'day-first' | 'month-first'

/**
 * What a text says about how its file writes dates: `either` where day and month could change places, `same` where they
 * are the same number.
 */
export type TimeEvidence = DateOrder | 'either' | 'same' | 'plain'

const clock = String.raw`(?:,?[ T]+(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?<fraction>[.,]\d+)?)?(?:[ \u202f]?(?<half>[AaPp])\.?[Mm]\.?)?)?`
const suffix = String.raw`(?<zone>[ ]?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?`
const shared = new RegExp(
  String.raw`^(?<first>\d{1,2})(?<mark>[./-])(?<second_>\d{1,2})\k<mark>(?<year>\d{4})${clock}${suffix}$`,
)
const yearFirst = new RegExp(
  String.raw`^(?<year>\d{4})(?<mark>[./-])(?<month>\d{1,2})\k<mark>(?<day>\d{1,2})${clock}${suffix}$`,
)
const compact =
  /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})T(?<hour>\d{2})(?<minute>\d{2})(?<second>\d{2})?(?<zone>Z|[+-]\d{2}:?\d{2})?$/

/** Undefined where the text is not a time that people write. */
export function timeEvidence(text: string): TimeEvidence | undefined {
  if (isoOf(yearFirst.exec(text)?.groups) !== undefined || isoOf(compact.exec(text)?.groups) !== undefined)
    return 'plain'
  const found = shared.exec(text)?.groups
  if (found === undefined) return undefined
  const orders = (['day-first', 'month-first'] as const).filter((order) => isoOf(ordered(found, order)) !== undefined)
  // Points separate dates only where the day comes first.
  if (found.mark === '.') return orders.includes('day-first') ? 'day-first' : undefined
  if (orders.length === 2) return Number(found.first) === Number(found.second_) ? 'same' : 'either'
  return orders[0]
}

/** The time that a text means, in ISO 8601, its offset only where one is written; undefined where it means none. */
export function toIsoText(text: string, order: DateOrder | undefined): string | undefined {
  const plain = isoOf(yearFirst.exec(text)?.groups) ?? isoOf(compact.exec(text)?.groups)
  if (plain !== undefined) return plain
  const found = shared.exec(text)?.groups
  if (found === undefined) return undefined
  if (found.mark === '.') return isoOf(ordered(found, 'day-first'))
  if (order !== undefined) return isoOf(ordered(found, order))
  return timeEvidence(text) === 'same' ? isoOf(ordered(found, 'day-first')) : undefined
}

type Parts = Readonly<Record<string, string | undefined>>

function ordered(found: Parts, order: DateOrder): Parts {
  const [day, month] = order === 'day-first' ? [found.first, found.second_] : [found.second_, found.first]
  return { ...found, day, month }
}

function isoOf(parts: Parts | undefined): string | undefined {
  if (parts === undefined) return undefined
  const { year = '', half, minute = '00', second = '00', fraction = '', zone } = parts
  const month = (parts.month ?? '').padStart(2, '0')
  const day = (parts.day ?? '').padStart(2, '0')
  const hour = hourOf(parts.hour ?? '0', half)
  if (hour === undefined) return undefined
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  if (date.getUTCMonth() + 1 !== Number(month) || date.getUTCDate() !== Number(day)) return undefined
  if (Number(minute) > 59 || Number(second) > 59) return undefined
  const time = `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.replace(',', '.')}`
  return `${time}${zone === undefined ? '' : offsetOf(zone.trim())}`
}

function offsetOf(zone: string): string {
  return /^(?:Z|UTC|GMT)$/.test(zone) ? 'Z' : zone
}

function hourOf(given: string, half: string | undefined): string | undefined {
  const hour = Number(given)
  if (half === undefined) return hour <= 23 ? String(hour).padStart(2, '0') : undefined
  if (hour < 1 || hour > 12) return undefined
  const isAfternoon = half.toLowerCase() === 'p'
  return String((hour % 12) + (isAfternoon ? 12 : 0)).padStart(2, '0')
}
