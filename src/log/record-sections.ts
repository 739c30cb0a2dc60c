import { ValueReader, type ValueWriter } from './packed-values.ts'

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

export type SectionReaders = Readonly<Partial<Record<SectionName, (section: ValueReader) => void>>>

/**
 * Reads sections up to the end.
 *
 * @returns what was skipped, by name or number.
 */
export function readSections(from: ValueReader, readers: SectionReaders): readonly string[] {
  const seen = new Set<number>()
  const unread: string[] = []
  while (!from.isAtEnd) {
    const number = from.whole()
    const section = new ValueReader(from.raw(from.whole()))
    if (number === 0 || seen.has(number)) throw new RangeError(`section ${number} is not one, or comes twice`)
    seen.add(number)
    const name = sectionNames[number - 1]
    const read = readers[name]
    if (read === undefined) {
      unread.push(name ?? `section ${number}`)
      continue
    }
    try {
      read(section)
    } catch (error) {
      if (!(error instanceof UnknownPart)) throw error
      unread.push(name)
      continue
    }
    if (!section.isAtEnd) throw new RangeError(`bytes of section ${number} are left over`)
  }
  return unread
}
