import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks'
import { type CsvCell, download, writeCsv } from './csv.ts'
import { icons } from './icons.tsx'
import './table.css'

export interface Column<Row> {
  readonly name: string
  readonly title: string
  /** What is sorted by and exported. */
  readonly value: (row: Row) => CsvCell
  /** What is shown; the value by default. */
  readonly cell?: (row: Row) => ComponentChildren
  /** In pixels; columns without one share what is left. */
  readonly width?: `${number}px`
  readonly isFigure?: boolean
  /** Whether it can be done without where there is little room: first `wide`, then `medium` ones go. */
  readonly shownFrom?: 'medium' | 'wide'
  readonly isSortable?: boolean
  readonly isExported?: boolean
  /** Whether only screen readers are told the title. */
  readonly isTitleHidden?: boolean
}

interface TableProps<Row> {
  /** What the rows are, for screen readers and the exported file. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowId: (row: Row) => string
  readonly onOpen?: (row: Row) => void
  /** Called as the keys or the pointer move from row to row. */
  readonly onActive?: (row: Row) => void
  readonly empty?: ComponentChildren
  /** What is above the table, at its left. */
  readonly tools?: ComponentChildren
  readonly exportName?: string
  /** Asked for more rows as the end comes in sight. */
  readonly onEnd?: () => void
  readonly toneOf?: (row: Row) => string | undefined
  /** Rows that are chosen for something to be done with all of them. */
  readonly chosen?: ReadonlySet<string>
  readonly className?: string
}

export interface Sort {
  readonly column: string
  readonly isDescending: boolean
}

const rowPx = 34
const beyond = 12
/** What a column without a width has at least: where that is not to be had, the table is scrolled. */
const leastPx = 110

/**
 * One table for everything: sorted by its heads, moved in by arrows or j and k, opened by Enter, exported as CSV. Only rows
 * in sight are in the document, so ten thousand cost what fifty do.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, rowId, empty, tools, exportName, className = '' } = props
  const [sort, setSort] = useState<Sort>()
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort])
  const exportAll = () => {
    const exported = columns.filter(({ isExported }) => isExported !== false)
    const header = exported.map(({ title }) => title)
    const cells = sorted.map((row) => exported.map(({ value }) => value(row)))
    download(`${(exportName ?? label).toLowerCase().replace(/\W+/g, '-')}.csv`, writeCsv(header, cells))
  }
  return (
    <div class={`table ${className}`}>
      <div class="table-tools">
        <div class="row wrap">{tools}</div>
        <button
          type="button"
          class="button quiet small"
          disabled={rows.length === 0}
          onClick={exportAll}
          title={`Export ${rows.length} rows as CSV`}
        >
          {icons.download} CSV
        </button>
      </div>
      {rows.length === 0 && empty !== undefined ? (
        empty
      ) : (
        <Grid
          {...props}
          rows={sorted}
          sort={sort}
          onSort={(column) => setSort((before) => nextSort(before, column))}
          key={label}
          rowId={rowId}
        />
      )}
    </div>
  )
}

/** Ascending, then descending, then as it came. */
export function nextSort(before: Sort | undefined, column: string): Sort | undefined {
  if (before?.column !== column) return { column, isDescending: false }
  return before.isDescending ? undefined : { column, isDescending: true }
}

export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: Sort | undefined,
): readonly Row[] {
  const by = columns.find(({ name }) => name === sort?.column)
  if (by === undefined || sort === undefined) return rows
  const sign = sort.isDescending ? -1 : 1
  return rows.toSorted((a, b) => compareCells(by.value(a), by.value(b), sign))
}

/** What is missing comes last, whichever way. */
function compareCells(a: CsvCell, b: CsvCell, sign: number): number {
  const isMissing = (cell: CsvCell) => cell === null || cell === undefined || cell === '' || Number.isNaN(cell)
  if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b))
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
  return sign * String(a).localeCompare(String(b), 'en', { numeric: true })
}

interface GridProps<Row> extends TableProps<Row> {
  readonly sort: Sort | undefined
  readonly onSort: (column: string) => void
}

function Grid<Row>({
  label,
  columns,
  rows,
  rowId,
  onOpen,
  onActive,
  onEnd,
  toneOf,
  chosen,
  sort,
  onSort,
}: GridProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null)
  const gridId = useId()
  const [activeId, setActiveId] = useState<string>()
  const { first, last } = useWindow(scroller, rows.length)
  const active = activeId === undefined ? -1 : rows.findIndex((row) => rowId(row) === activeId)
  useEffect(() => {
    if (last >= rows.length - 5 && rows.length > 0) onEnd?.()
  }, [last, rows.length])

  const activate = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))]
    if (row === undefined) return
    setActiveId(rowId(row))
    onActive?.(row)
    reveal(scroller, Math.max(0, Math.min(rows.length - 1, index)))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.floor((scroller.current?.clientHeight ?? 400) / rowPx) - 1
    const steps: Readonly<Record<string, number>> = {
      j: active + 1,
      ArrowDown: active + 1,
      k: Math.max(0, active - 1),
      ArrowUp: Math.max(0, active - 1),
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: rows.length - 1,
    }
    const step = steps[event.key]
    if (step !== undefined) {
      event.preventDefault()
      event.stopPropagation()
      activate(step)
    } else if (event.key === 'Enter' && active >= 0 && onOpen !== undefined && event.target === event.currentTarget) {
      event.preventDefault()
      onOpen(rows[active])
    }
  }
  return (
    <div class="table-scroll" ref={scroller}>
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows are moved in by keys, which is what a grid is.
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-activedescendant={active >= first && active < last ? `${gridId}-${active}` : undefined}
        style={leastWidths(columns)}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <Heads columns={columns} sort={sort} onSort={onSort} />
        <tbody>
          {first > 0 && <Spacer rows={first} />}
          {rows.slice(first, last).map((row, i) => {
            const index = first + i
            const id = rowId(row)
            return (
              <tr
                key={id}
                id={`${gridId}-${index}`}
                aria-rowindex={index + 2}
                aria-selected={chosen?.has(id) ?? index === active}
                class={`${index === active ? 'active' : ''} ${onOpen === undefined ? '' : 'opens'} ${toneOf?.(row) ?? ''}`}
                onClick={(event) => {
                  if (event.target instanceof Element && event.target.closest('a, button, input, label') !== null)
                    return
                  setActiveId(id)
                  onActive?.(row)
                  onOpen?.(row)
                }}
              >
                {columns.map((column) => (
                  <td key={column.name} class={classOf(column)}>
                    {column.cell === undefined ? column.value(row) : column.cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
          {last < rows.length && <Spacer rows={rows.length - last} />}
        </tbody>
      </table>
    </div>
  )
}

interface HeadsProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly sort: Sort | undefined
  readonly onSort: (column: string) => void
}

function Heads<Row>({ columns, sort, onSort }: HeadsProps<Row>) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map((column) => {
          const isSorted = sort?.column === column.name
          return (
            <th
              key={column.name}
              scope="col"
              class={classOf(column)}
              style={column.width === undefined ? {} : { '--width': column.width }}
              aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : undefined}
            >
              {column.isSortable === false ? (
                <span class={column.isTitleHidden ? 'visually-hidden' : undefined}>{column.title}</span>
              ) : (
                <button type="button" tabIndex={-1} onClick={() => onSort(column.name)}>
                  {column.title}
                  <span aria-hidden="true" class="arrow">
                    {isSorted ? (sort.isDescending ? '↓' : '↑') : ''}
                  </span>
                </button>
              )}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

/** The height of rows that are out of sight. A cell across all columns would make room for hidden ones, too. */
function Spacer({ rows }: { readonly rows: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row of a table takes no focus.
    <tr class="spacer" aria-hidden="true">
      <td style={{ height: `${rows * rowPx}px` }} />
    </tr>
  )
}

/** The least width of the columns that are shown in any room, in a medium one and in a wide one. */
function leastWidths<Row>(columns: readonly Column<Row>[]): Readonly<Record<string, string>> {
  const leastOf = (hidden: readonly string[]) => {
    const shown = columns.filter(({ shownFrom = '' }) => !hidden.includes(shownFrom))
    return `${shown.reduce((sum, { width }) => sum + (width === undefined ? leastPx : Number.parseFloat(width)), 0)}px`
  }
  return {
    '--least': leastOf(['medium', 'wide']),
    '--least-medium': leastOf(['wide']),
    '--least-wide': leastOf([]),
  }
}

function classOf<Row>({ isFigure, shownFrom }: Column<Row>): string {
  return `${isFigure ? 'figure' : ''} ${shownFrom ?? ''}`.trim()
}

/** Which rows are in sight, and a few beyond. */
function useWindow(
  scroller: RefObject<HTMLDivElement | null>,
  count: number,
): { readonly first: number; readonly last: number } {
  const [view, setView] = useState({ top: 0, height: 900 })
  useEffect(() => {
    const element = scroller.current
    if (element === null) return undefined
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight })
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    look()
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])
  const first = Math.max(0, Math.min(count, Math.floor(view.top / rowPx)) - beyond)
  return { first, last: Math.min(count, Math.ceil((view.top + view.height) / rowPx) + beyond) }
}

/** Brings a row into sight with as little movement as may be. */
function reveal({ current }: RefObject<HTMLDivElement | null>, index: number): void {
  if (current === null) return
  const top = index * rowPx
  const room = current.clientHeight - rowPx
  if (top < current.scrollTop) current.scrollTop = top
  else if (top + rowPx > current.scrollTop + room) current.scrollTop = top + rowPx - room
}
