import type { ValueReader, ValueWriter } from './packed-values.ts'

/**
 * What may follow a record's own values: a section is its number (its place here, from 1), its length and its bytes.
 * The list grows at its end only, and a section never changes its form: another form is another section. A version skips
 * sections that it does not know, so a section may add to what the record says but never change it; what would is a new
 * kind of record or a new format, both of which older versions refuse.
 *
 * Names without a codec are reserved: they are skipped like numbers past the end.
 */
export const sectionNames = [
  'contributions',
  'rules',
  'scores',
  'propensity',
  'by',
  'policy',
  'opinion',
  'lists',
  'fuses',
  'model',
] as const
type SectionName = (typeof sectionNames)[number]

/** Begins a section; `close` of the writer ends it with what this returns. */
export function openSection(name: SectionName, to: ValueWriter): number {
  to.whole(sectionNames.indexOf(name) + 1)
  return to.open()
}

/** What is in a section that this version knows, and came later: the section is skipped as one that it does not know. */
export class UnknownPart extends RangeError {}

/** Each reads a section up to its end, and puts what it found into a target. */
export type SectionReaders<Target> = Readonly<
  Partial<Record<SectionName, (section: ValueReader, target: Target) => void>>
>

/**
 * Reads sections up to the end.
 *
 * @returns what was skipped, by name or number.
 */
export function readSections<Target>(
  from: ValueReader,
  readers: SectionReaders<Target>,
  target: Target,
): readonly string[] {
  const seen: number[] = []
  let unread = nothing
  while (!from.isAtEnd) {
    const number = from.whole()
    const end = from.enter(from.whole())
    if (number === 0 || seen.includes(number)) throw new RangeError(`section ${number} is not one, or comes twice`)
    seen.push(number)
    const name = sectionNames[number - 1]
    if (!isRead(from, readers[name], target)) unread = [...unread, name ?? `section ${number}`]
    else if (!from.isAtEnd) throw new RangeError(`bytes of section ${number} are left over`)
    from.leave(end)
  }
  return unread
}

const nothing: readonly string[] = []

/** False of a section that this version does not know, or not all of. */
function isRead<Target>(
  section: ValueReader,
  read: ((section: ValueReader, target: Target) => void) | undefined,
  target: Target,
): boolean {
  try {
    read?.(section, target)
    return read !== undefined
  } catch (error) {
    if (error instanceof UnknownPart) return false
    throw error
  }
}
