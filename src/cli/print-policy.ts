import type { Outcome } from '../detector/detector-schema.ts'
import type { Evaluation } from '../evaluation/evaluation.ts'
import type { OutcomeFigures, PolicyFigures } from '../evaluation/policy-figures.ts'
import { policyVerdict, wordsForMoney, wordsForRate, wordsForShare } from '../evaluation/policy-words.ts'
import type { Terminal } from './terminal.ts'

/** What the policy does with the test rows, before anything is said of the model: it is what customers will notice. */
export function printPolicy(policy: PolicyFigures, { rows, frauds }: Evaluation, terminal: Terminal): void {
  const days = policy.days === undefined ? '' : ` over ${policy.days.toFixed(1)} days`
  terminal.say(`\n${rows.toLocaleString('en')} test rows${days}, ${frauds.toLocaleString('en')} frauds\n`)
  terminal.say(`${policyVerdict(policy)} In parentheses: 95 % intervals.`)
  for (const outcome of ['decline', 'review', 'challenge'] as const) {
    const figures = policy.outcomes[outcome]
    if (figures !== undefined) tellStopped(outcome, figures, policy, terminal)
  }
  tellPassed(policy, terminal)
}

function tellStopped(outcome: Outcome, figures: OutcomeFigures, policy: PolicyFigures, terminal: Terminal): void {
  const { precision, recall, value } = figures
  const threshold = policy.thresholds[outcome]
  const from = threshold === undefined ? '' : ` from ${Number(threshold.toPrecision(4))}`
  const right = precision === undefined ? '' : `, ${wordsForShare(precision, ' of them fraud')}`
  line(terminal, `${outcome}${from}`, `${wordsForRate(figures)}${right}`)
  line(terminal, '', `stops ${wordsForShare(recall, ' of all frauds')}`)
  if (value === undefined) return
  line(
    terminal,
    '',
    `money: ${wordsForMoney(value.fraud, policy)} of fraud stopped, ${wordsForMoney(value.legitimate, policy)} of good customers stopped`,
  )
}

function tellPassed(policy: PolicyFigures, terminal: Terminal): void {
  const { approve } = policy.outcomes
  if (approve === undefined) return
  const money = approve.value === undefined ? '' : `, with ${wordsForMoney(approve.value.fraud, policy)}`
  line(terminal, 'approve', `passes ${wordsForShare(approve.recall, ' of all frauds')}${money}`)
}

function line(terminal: Terminal, label: string, text: string): void {
  terminal.say(`  ${label.padEnd(22)}${text}`)
}
