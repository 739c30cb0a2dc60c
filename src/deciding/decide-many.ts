import type { Decision } from '../decisioning/decision.ts'
import type { Decisions, WaitingTurns } from './decisions.ts'

/** Items that are decided before the first of them has to be durable. */
const itemsAtOnce = 64

/** A transaction as it was parsed, and the names that it gives more than once. */
interface ReceivedItem {
  readonly value: unknown
  readonly repeated: ReadonlySet<string> | undefined
}

/** What takes the place of a decision where an item was refused. */
export interface RefusedItem {
  readonly error: unknown
  /** Its place among all, from 0 on. */
  readonly index: number
  /** The transaction's id, where it could be read. */
  readonly id: string | undefined
}

interface DecideManyOptions<Item> {
  /** Called once for each item, in their order. What it throws is why that item was refused. */
  read(item: Item): ReceivedItem
  readonly turns: WaitingTurns
  readonly nowMs: () => number
  /** The place of the first item, where others came before. */
  readonly first?: number
}

/**
 * Transactions -> a decision each, durable, or why there is none; in their order, in groups. Transactions that come alone
 * go first: many wait for room, and are not refused where there is none.
 */
export async function* decideMany<Item>(
  decisions: Decisions,
  items: Iterable<Item>,
  { turns, first = 0, ...options }: DecideManyOptions<Item>,
): AsyncGenerator<readonly (Decision | RefusedItem)[]> {
  let index = first
  const order = Symbol('items')
  let group: Promise<Decision | RefusedItem>[] = []
  for (const item of items) {
    while (turns.isOver() || !decisions.decider.hasRoom()) {
      await decisions.decider.room()
      await turns.next()
    }
    group.push(decideItem(decisions, index, item, { ...options, order }))
    index += 1
    if (group.length < itemsAtOnce) continue
    yield await Promise.all(group)
    group = []
  }
  if (group.length > 0) yield await Promise.all(group)
}

/** Not an async function up to where an item is taken in, since the order is that in which they are. */
function decideItem<Item>(
  decisions: Decisions,
  index: number,
  item: Item,
  { read, nowMs, order }: Pick<DecideManyOptions<Item>, 'read' | 'nowMs'> & { readonly order: symbol },
): Promise<Decision | RefusedItem> {
  let received: ReceivedItem | undefined
  const refuse = (error: unknown) => ({ error, index, id: received && decisions.idOf(received.value) })
  try {
    received = read(item)
    const arrivedMs = nowMs()
    return decisions.decide(received.value, received.repeated, () => nowMs() - arrivedMs, false, order).catch(refuse)
  } catch (error) {
    return Promise.resolve(refuse(error))
  }
}
