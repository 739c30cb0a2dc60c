import type { BacktestResult } from '../backtest/backtest-result.ts'
import type { SetFigures, SideResult } from '../backtest/result.ts'
import { focusWords, sideWords, tellBetween, tellCaught, tellCount, tellMoney, tellShare } from '../backtest/words.ts'
import { formatPercent } from '../pages/format.ts'
import type { Terminal } from './terminal.ts'

const mostRules = 20

/** The figures of a backtest for a person at a terminal. */
export function printBacktest(result: BacktestResult, terminal: Terminal): void {
  const { all, from, to, focus, sides, basis, notes } = result
  const say = (text: string) => terminal.say(text)
  const young =
    all.young === 0 ? '' : `; ${tellCount(all.young, 'transaction')} younger than the labels' maturity, of no share`
  say(
    `\n${tellCount(all.transactions, 'decision')} from ${from} to ${to}, ${tellCount(all.frauds, 'known fraud')}${young}\n`,
  )
  for (const side of sides) {
    if (side.name === 'inForce' && focus.kind !== 'stopped') continue
    say(`${focusWords(focus)}${side.name === 'tested' ? '' : `, ${sideWords[side.name]}`}`)
    printSet(side.focus, say)
  }
  printOutcomes(result, say)
  printChanges(result, say)
  printRules(result, say)
  if (basis.recomputed > 0 || notes.length > 0) say('')
  for (const note of notes) terminal.note(`  ${note}`)
}

function printSet(set: SetFigures, say: (text: string) => void): void {
  const { transactions, share, precision, recall, value } = set
  const line = (name: string, text: string) => say(`  ${name.padEnd(12)}${text}`)
  line('hits', `${transactions.toLocaleString('en')}, ${formatPercent(share)} of all`)
  line('are', tellTruth(set))
  line('precision', tellShare(precision))
  line('recall', tellShare(recall))
  if (value === null) return
  const open = value.unknown === 0 ? '' : `, ${tellMoney(value.unknown)} of which nothing is known`
  line('value', `${tellCaught(value)} of fraud, ${tellBetween(value.lost, value.lostAtMost)} of good customers${open}`)
}

/** What transactions turned out to be; the four add up to all of them. */
function tellTruth({
  frauds,
  legitimate,
  unknown,
  young,
}: Pick<SetFigures, 'frauds' | 'legitimate' | 'unknown' | 'young'>): string {
  const others = Object.entries({ legitimate, 'without a label': unknown, 'too young': young })
  return [tellCount(frauds, 'fraud'), ...others.map(([name, count]) => `${count.toLocaleString('en')} ${name}`)].join(
    ', ',
  )
}

function printOutcomes({ happened, sides }: BacktestResult, say: (text: string) => void): void {
  say('\n                    approve  challenge     review    decline')
  const row = (name: string, outcomes: SideResult['outcomes']) =>
    say(
      `  ${name.padEnd(14)}${Object.values(outcomes)
        .map(({ transactions }) => transactions.toLocaleString('en').padStart(11))
        .join('')}`,
    )
  if (happened !== null) row(sideWords.happened, happened.outcomes)
  for (const { name, outcomes } of sides) row(sideWords[name], outcomes)
  const costs = [...(happened === null ? [] : [{ name: 'happened' as const, cost: happened.cost }]), ...sides]
  for (const { name, cost } of costs) {
    if (cost === null) continue
    const bounds =
      cost.atLeast === cost.atMost
        ? ''
        : `, ${tellMoney(cost.atLeast)} to ${tellMoney(cost.atMost)} with what has no label`
    say(`  cost, ${sideWords[name]}: ${tellMoney(cost.known)}${bounds}`)
  }
}

function printChanges({ changes }: BacktestResult, say: (text: string) => void): void {
  for (const { from, to, cells } of changes) {
    if (to !== 'tested') continue
    const moved = cells.filter((cell) => cell.from !== cell.to).sort((a, b) => b.transactions - a.transactions)
    say(`\nagainst ${sideWords[from]}: ${moved.length === 0 ? 'nothing changes' : ''}`)
    for (const cell of moved)
      say(`  ${cell.transactions.toLocaleString('en').padStart(9)}  ${cell.from} -> ${cell.to}: ${tellTruth(cell)}`)
  }
}

function printRules({ sides, overlap, focus }: BacktestResult, say: (text: string) => void): void {
  const rules = sides.find(({ name }) => name === 'tested')?.rules ?? []
  if (focus.kind === 'rule') {
    const [first] = overlap
    const hit = rules.find(({ id }) => id === focus.id)
    if (hit !== undefined && hit.unknownConditions > 0)
      say(`\nit could not be told for ${tellCount(hit.unknownConditions, 'transaction')}, since a value was missing`)
    if (first !== undefined) say('\nrules that apply to the same transactions')
    for (const { other, both, share } of overlap.slice(0, mostRules))
      say(`  ${both.toLocaleString('en').padStart(9)}  ${formatPercent(share)}  ${other}`)
    return
  }
  const busy = rules.filter(({ transactions }) => transactions > 0).sort((a, b) => b.transactions - a.transactions)
  if (busy.length > 0) say('\n  rule                              hits   decisive   frauds   precision')
  for (const { id, transactions, decisive, frauds, precision, state } of busy.slice(0, mostRules)) {
    const counts = [transactions, decisive.transactions, frauds].map((count, i) =>
      count.toLocaleString('en').padStart([12, 11, 9][i]),
    )
    say(`  ${`${id}${state === 'shadow' ? ' (shadow)' : ''}`.padEnd(26)}${counts.join('')}   ${tellShare(precision)}`)
  }
  if (busy.length > mostRules) say(`  and ${busy.length - mostRules} more, which --json and --report show`)
}
