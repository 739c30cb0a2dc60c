import type { Detector } from '../core/detector.ts'
import { isQuasiPersonal } from './key-names.ts'
import type { Table } from './table.ts'

type Place = { readonly latitude: string; readonly longitude: string }

/** A model learns from frauds and from others, and a file with neither still has columns to draft of. */
export function tellClasses({ rowCount, columns }: Table, field: string, unsure: string[]): void {
  const label = columns.find(({ name }) => name === field)
  if (rowCount === 0) unsure.unshift('rows: the file has none, so that only the names of its columns were looked at')
  if (rowCount === 0 || label === undefined || label.kind === 'text') return
  const [frauds, others] = [1, 0].map((wanted) => label.values.reduce((n, each) => n + (each === wanted ? 1 : 0), 0))
  if (frauds > 0 && others > 0) return
  const found =
    frauds + others === 0 ? `no row has a ${field}` : `all rows with one are ${frauds > 0 ? 'fraud' : 'legitimate'}`
  unsure.unshift(`label: ${found}, and nothing can be learnt of rows of one kind alone; training needs both`)
}

/** Places of homes and the like are kept as they come: what a person is not found by alone, but by a few together. */
export function tellQuasiPersonal(fields: readonly string[], home: Place | undefined, unsure: string[]): void {
  const names = [...fields.filter(isQuasiPersonal), ...(home === undefined ? [] : Object.values(home))]
  if (names.length === 0) return
  unsure.push(
    `privacy: ${names.join(', ')} may tell of a person, and the log keeps them as they come; take out what decisions can do without, and keep records only as long as needed (serve --retain)`,
  )
}

/** What the table has no column for. */
export function tellGaps(time: Detector['transaction']['time'], isNumbered: boolean, unsure: string[]): void {
  if (time === undefined) {
    unsure.push('time: none was found, so histories are not kept and the split is random; name it with --time')
  } else if (time.format.endsWith('-since')) {
    const unit = time.format.replace('-since', '')
    unsure.push(
      `time: ${time.field} counts ${unit} from a start that nobody knows, so hours of the day are those since then; write its start: if you know it`,
    )
  }
  if (isNumbered) {
    unsure.push(
      'id: the table has none, and a decision needs one, so callers send transaction_id; rows of the file are known by their numbers (replay --number-rows)',
    )
  }
}
