import type { Random } from '../../src/core/random.ts'

/** What a column is to the data set, and so how it can be written otherwise and spoilt. */
export interface MadeColumn {
  readonly name: string
  /** A decimal may get a comma, a date another order; the rest stays as it is. */
  readonly kind: 'whole' | 'decimal' | 'date' | 'text'
  readonly role?: 'time' | 'amount' | 'label'
  /** A text or key whose cells are sometimes unknown in files that people send. */
  readonly mayMiss?: true
}

/** A table whose rows are in the order of their times and are written one by one, so that it need not fit into memory. */
export interface MadeTable {
  readonly columns: readonly MadeColumn[]
  readonly rowCount: number
  /** The character around every text, where the data set has one. */
  readonly textMark?: string
  /** The cells of a row as the data set writes them; the same each time it is asked for. */
  cells(row: number): string[]
}

export interface TableSize {
  readonly rows: number
  readonly seed: number
}

export function texts(...names: readonly string[]): MadeColumn[] {
  return names.map((name) => ({ name, kind: 'text', mayMiss: true }))
}

export function decimals(...names: readonly string[]): MadeColumn[] {
  return names.map((name) => ({ name, kind: 'decimal' }))
}

export function wholes(...names: readonly string[]): MadeColumn[] {
  return names.map((name) => ({ name, kind: 'whole' }))
}

export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)
}

export function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random.integer(items.length)]
}

/** One of a list whose first are drawn more often, the way a few merchants have most customers. */
export function pickSkewed<Item>(items: readonly Item[], random: Random): Item {
  return items[Math.floor(items.length * random.uniform() ** 2)]
}

/** An amount of two decimals whose logarithm is normal around that of `typical`. */
export function drawAmount(typical: number, spread: number, random: Random): number {
  return Math.max(0.01, Math.round(100 * typical * Math.exp(spread * random.normal())) / 100)
}

/** A number the way that pandas writes a float: 45.0 in place of 45. */
export function writeFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** A second of a day, few of them at night. */
export function drawSecondOfDay(random: Random): number {
  for (;;) {
    const second = random.integer(86_400)
    const hour = second / 3600
    if (hour >= 7 && hour < 23 ? true : random.uniform() < 0.15) return second
  }
}

/** How many frauds there are when they come in bursts that begin at random and are `size` long on average. */
export function burstCount(rows: number, share: number, size: number): number {
  return Math.max(1, Math.round((rows * share) / size))
}
