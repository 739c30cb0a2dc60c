import { detector } from '../api/detector.ts'

const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone
const formats = new Map<string, Intl.DateTimeFormat>()

type Parts = 'time' | 'day' | 'minute'

const options: Readonly<Record<Parts, Intl.DateTimeFormatOptions>> = {
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  minute: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { day: 'numeric', month: 'short', year: 'numeric' },
}

function format(date: Date, parts: Parts, zone: string): string {
  const name = `${parts} ${zone}`
  let made = formats.get(name)
  if (made === undefined) {
    made = new Intl.DateTimeFormat('en-GB', { ...options[parts], timeZone: zone })
    formats.set(name, made)
  }
  return made.format(date)
}

interface TimeProps {
  readonly at: string | number
  /** Time alone where it is today, with the day before it otherwise; `both` always has both, `here` no other zone. */
  readonly shows?: 'compact' | 'both' | 'here'
}

/** A moment in the viewer's zone, with the stream's beside where that differs, and all of it as the title. */
export function Time({ at, shows = 'compact' }: TimeProps) {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return <span>{String(at)}</span>
  const zone = detector.value?.zone ?? 'UTC'
  const here = format(date, 'time', viewerZone)
  const there = format(date, 'time', zone)
  const day = format(date, 'day', viewerZone)
  const isToday = day === format(new Date(), 'day', viewerZone)
  const hasDay = shows === 'both' || !isToday
  const dayThere = format(date, 'day', zone)
  const title = `${day} ${here} ${viewerZone}\n${dayThere} ${there} ${zone}\n${date.toISOString()}`
  return (
    <time dateTime={date.toISOString()} title={title} class="nowrap">
      {hasDay && (
        <span class={shows === 'both' ? undefined : 'muted'}>{shows === 'both' ? day : day.slice(0, -5)} </span>
      )}
      {here}
      {here !== there && shows !== 'here' && (
        <span class="muted small zone">
          {' '}
          {format(date, 'minute', zone)} {zone}
        </span>
      )}
    </time>
  )
}

/** The day of a moment in UTC, by which weeks and days are counted. */
export function Day({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={at} class="nowrap">
      {format(new Date(at), 'day', 'UTC')}
    </time>
  )
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** A span in its two largest units, `3 h 20 min`, which no line breaks. */
export function formatSpan(ms: number): string {
  let rest = Math.abs(ms)
  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    if (count > 0) parts.push(`${count}\u00a0${unit}`)
    rest -= count * size
    if (parts.length === 2) break
  }
  return parts.length === 0 ? '0\u00a0s' : parts.slice(0, 2).join('\u00a0')
}
