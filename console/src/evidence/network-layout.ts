import type { KnownKey } from './known.ts'

export interface Placed {
  readonly id: string
  readonly key: string
  readonly token: string
  readonly transactions: number
  readonly frauds: number
  /** The steps from what is asked about, and so the column. */
  readonly column: number
  /** Where in its column, in rows from the top; the middle of several may be between two. */
  readonly row: number
  /** Whether it is what is asked about, or in the payment in question. */
  readonly isOwn: boolean
}

interface Edge {
  readonly from: Placed
  readonly to: Placed
  readonly transactions: number
}

const mostNear = 8
const mostFar = 14

const idOf = ({ key, token }: { readonly key: string; readonly token: string }) => `${key} ${token}`

/**
 * Three columns: what is asked about, what was in a payment with it, and what is linked over that. Where there is more than
 * can be read, what the payment itself names stays, then what has known fraud, then what comes most often.
 */
export function layOut(known: KnownKey, others: ReadonlySet<string>) {
  const { linked, links, figures } = known
  const all = figures.find(({ windowMs }) => windowMs === null)
  const isOther = (each: KnownKey['linked'][number]) => Number(others.has(idOf(each)))
  const ranked = linked.toSorted(
    (a, b) => isOther(b) - isOther(a) || b.frauds - a.frauds || b.transactions - a.transactions,
  )
  const near = ranked.filter(({ steps }) => steps === 1).slice(0, mostNear)
  const nearIds = new Map(near.map((each, i) => [idOf(each), i]))
  const reached = new Map<string, number>()
  for (const { from, to } of links) {
    for (const [a, b] of [
      [from, to],
      [to, from],
    ]) {
      const index = nearIds.get(idOf(a))
      if (index !== undefined) reached.set(idOf(b), Math.min(index, reached.get(idOf(b)) ?? index))
    }
  }
  const far = ranked
    .filter((each) => each.steps === 2 && reached.has(idOf(each)))
    .slice(0, mostFar)
    // Beside what it hangs on, so that lines cross less.
    .toSorted((a, b) => (reached.get(idOf(a)) ?? 0) - (reached.get(idOf(b)) ?? 0))
  const rows = Math.max(1, near.length, far.length)
  const spread = (count: number, i: number) => ((i + 0.5) * rows) / count - 0.5
  const nodes: readonly Placed[] = [
    {
      ...{ id: idOf(known), key: known.key, token: known.token, column: 0, row: (rows - 1) / 2, isOwn: true },
      ...{ transactions: all?.transactions ?? 0, frauds: all?.frauds ?? 0 },
    },
    ...[near, far].flatMap((members, column) =>
      members.map((each, i) => ({
        ...{ id: idOf(each), key: each.key, token: each.token, column: column + 1, row: spread(members.length, i) },
        ...{ transactions: each.transactions, frauds: each.frauds, isOwn: others.has(idOf(each)) },
      })),
    ),
  ]
  const placed = new Map(nodes.map((node) => [node.id, node]))
  const edges = links.flatMap(({ from, to, transactions }): readonly Edge[] => {
    const [a, b] = [placed.get(idOf(from)), placed.get(idOf(to))]
    if (a === undefined || b === undefined || Math.abs(a.column - b.column) !== 1) return []
    return [a.column < b.column ? { from: a, to: b, transactions } : { from: b, to: a, transactions }]
  })
  return { nodes, edges, rows, left: linked.length - near.length - far.length }
}
