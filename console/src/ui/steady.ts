import { useRef, useState } from 'preact/hooks'

interface Steady<Row> {
  readonly shown: readonly Row[]
  /** How many are waiting to be shown. */
  readonly waiting: number
  readonly showAll: () => void
  /** For what the rows are in: while the pointer or the focus is there, nothing moves. */
  readonly hold: {
    readonly onPointerEnter: () => void
    readonly onPointerLeave: () => void
    readonly onFocusIn: (event: FocusEvent) => void
    readonly onFocusOut: () => void
  }
}

/** Rows that come in while somebody looks: they wait for as long as the pointer is over them. */
export function useSteady<Row>(rows: readonly Row[], rowId: (row: Row) => string): Steady<Row> {
  const [held, setHeld] = useState(0)
  const kept = useRef(rows)
  const [, setRound] = useState(0)
  if (held === 0 || kept.current.length === 0) kept.current = rows
  const shown = kept.current
  const known = shown === rows ? undefined : new Set(shown.map(rowId))
  return {
    shown,
    waiting: known === undefined ? 0 : rows.filter((row) => !known.has(rowId(row))).length,
    showAll: () => {
      kept.current = rows
      setRound((before) => before + 1)
    },
    hold: {
      onPointerEnter: () => setHeld((before) => before | 1),
      onPointerLeave: () => setHeld((before) => before & ~1),
      // A filter above the rows that was pressed keeps the focus, and holds nothing.
      onFocusIn: ({ target }) => {
        if (target instanceof Element && target.closest('[role=grid]') !== null) setHeld((before) => before | 2)
      },
      onFocusOut: () => setHeld((before) => before & ~2),
    },
  }
}
