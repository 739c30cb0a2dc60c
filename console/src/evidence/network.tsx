import type { Transaction } from '../api/detector.ts'
import { at } from '../shell/place.ts'
import { formatCount } from '../ui/figures.ts'
import { Ready } from '../ui/states.tsx'
import { useWidth } from '../ui/width.ts'
import { KeyTabs, useKeyChoice } from './key-tabs.tsx'
import { useKnownKey } from './known.ts'
import { layOut, type Placed } from './network-layout.ts'
import './network.css'

/** What a card, a customer and so on is linked with, as a graph of two steps: each mark is a link to its page. */
export function Network({ transaction }: { readonly transaction: Transaction }) {
  const choice = useKeyChoice(transaction)
  const { chosen } = choice
  const known = useKnownKey(chosen?.key, chosen?.token)
  if (chosen === undefined) return null
  const others = new Set(choice.keys.filter(({ key }) => key !== chosen.key).map(({ key, token }) => `${key} ${token}`))
  return (
    <section class="panel">
      <header>
        <h2>Linked within two steps</h2>
        <KeyTabs label="Linked with" choice={choice} />
      </header>
      <Ready of={known} lines={6}>
        {(found) => <Graph known={found} others={others} />}
      </Ready>
    </section>
  )
}

interface GraphProps {
  readonly known: Parameters<typeof layOut>[0]
  /** The other keys of the transaction in question. */
  readonly others: ReadonlySet<string>
}

const rowPx = 26
const letterPx = 6.4
const narrowPx = 170

function Graph({ known, others }: GraphProps) {
  const { element, width } = useWidth()
  const { nodes, edges, rows, left } = layOut(known, others)
  const height = rows * rowPx + 8
  const columnPx = width / 3
  const x = ({ column }: Placed) => column * columnPx + 8
  const y = ({ row }: Placed) => row * rowPx + rowPx / 2 + 4
  const frauds = known.linked.filter((each) => each.frauds > 0)
  const isNarrow = columnPx < narrowPx
  const labels = new Map(
    nodes.map((node) => [node.id, labelOf(node, isNarrow, Math.floor((columnPx - 30) / letterPx))]),
  )
  const endOf = (node: Placed) => x(node) + 16 + lengthOf(labels.get(node.id)) * letterPx
  return (
    <div class="network" ref={element}>
      {/* biome-ignore lint/a11y/useSemanticElements: no element of HTML groups the links of a drawing. */}
      <svg width={width} height={height} role="group" aria-label={`Linked with ${known.key} ${known.token}`}>
        {edges.map(({ from, to, transactions }) => (
          <path
            key={`${from.id} ${to.id}`}
            class={`edge ${to.frauds > 0 ? 'bad' : ''}`}
            stroke-width={Math.min(4, 1 + Math.log10(transactions))}
            d={curve(endOf(from), y(from), x(to) - 7, y(to))}
          />
        ))}
        {nodes.map((node) => (
          <a key={node.id} href={at(['keys', node.key, node.token])} class={`node ${node.frauds > 0 ? 'bad' : ''}`}>
            <title>{tell(node)}</title>
            <rect class="target" x={x(node) - 7} y={y(node) - 12} width={columnPx - 6} height={24} rx={5} />
            <circle cx={x(node)} cy={y(node)} r={node.isOwn ? 6 : 4.5} class={node.isOwn ? 'own' : ''} />
            <text x={x(node) + 12} y={y(node) + 4}>
              <tspan class="kind">{labels.get(node.id)?.kind}</tspan>
              {labels.get(node.id)?.token}
              <tspan class="count">{labels.get(node.id)?.count}</tspan>
            </text>
          </a>
        ))}
      </svg>
      <p class="muted small">
        {known.linked.length === 0
          ? `Nothing else was ever in a payment of this ${known.key}.`
          : `${formatCount(known.linked.length)} linked${known.isCut.links ? ', and more' : ''}${
              frauds.length === 0 ? ', none of them with known fraud' : `, ${frauds.length} of them with known fraud`
            }${left > 0 ? `; ${formatCount(left)} are not drawn` : ''}. `}
        <a class="text" href={at(['keys', known.key, known.token])}>
          All as a table
        </a>
      </p>
    </div>
  )
}

function curve(fromX: number, fromY: number, toX: number, toY: number): string {
  const middle = (fromX + toX) / 2
  return `M${fromX},${fromY} C${middle},${fromY} ${middle},${toY} ${toX},${toY}`
}

function tell({ key, token, transactions, frauds }: Placed): string {
  const payments = `${formatCount(transactions)} ${transactions === 1 ? 'payment' : 'payments'}`
  return `${key} ${token}: ${payments}, ${frauds === 0 ? 'no known fraud' : `${formatCount(frauds)} known to be fraud`}`
}

interface Label {
  readonly kind: string
  readonly token: string
  readonly count: string
}

/** As much as there is room for; the title has all of it. */
function labelOf({ key, token, frauds }: Placed, isNarrow: boolean, mostLetters: number): Label {
  const kind = isNarrow ? '' : `${key} `
  const count = isNarrow || frauds === 0 ? '' : ` ${formatCount(frauds)} fraud`
  const room = Math.max(4, mostLetters - kind.length - count.length)
  return { kind, token: token.length <= room ? token : `${token.slice(0, room - 1)}…`, count }
}

function lengthOf(label: Label | undefined): number {
  return label === undefined ? 0 : label.kind.length + label.token.length + label.count.length
}
