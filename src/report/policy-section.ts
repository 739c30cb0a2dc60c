import type { OutcomeFigures, PolicyFigures } from '../evaluation/policy-figures.ts'
import { wordsForMoney, wordsForRate, wordsForShare } from '../evaluation/policy-words.ts'
import { formatThreshold } from '../pages/format.ts'
import { html, type Markup } from '../pages/html.ts'

const titles = { decline: 'Declined', review: 'Reviewed', challenge: 'Challenged', approve: 'Approved' } as const
const shown = ['decline', 'review', 'challenge', 'approve'] as const

/** What the policy does with the test rows, outcome by outcome; the ends of 95 % intervals stand in parentheses. */
export function policyCards(policy: PolicyFigures): Markup {
  const cards = shown.flatMap((outcome) => {
    const figures = policy.outcomes[outcome]
    if (figures === undefined) return []
    const threshold = policy.thresholds[outcome]
    const from = threshold === undefined ? '' : ` from ${formatThreshold(threshold)}`
    const entries = outcome === 'approve' ? passed(figures, policy) : stopped(figures, policy)
    const items = entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)
    return [html`<div class="card"><h3>${titles[outcome]}${from}</h3><dl class="terms">${items}</dl></div>`]
  })
  return html`<div class="grid" id="policy">${cards}</div>`
}

type Entry = readonly [name: string, value: string]

function stopped(figures: OutcomeFigures, policy: PolicyFigures): readonly Entry[] {
  const { precision, recall, value } = figures
  return [
    ['How many', wordsForRate(figures)],
    ['Fraud among them', precision === undefined ? '–' : wordsForShare(precision)],
    ['Of all frauds', wordsForShare(recall)],
    ...moneyOf('Money of fraud stopped', value?.fraud, policy),
    ...moneyOf('Money of good customers stopped', value?.legitimate, policy),
  ]
}

function passed(figures: OutcomeFigures, policy: PolicyFigures): readonly Entry[] {
  return [
    ['How many', wordsForRate(figures)],
    ['Frauds that pass', wordsForShare(figures.recall)],
    ...moneyOf('Money of fraud lost', figures.value?.fraud, policy),
  ]
}

function moneyOf(name: string, money: Parameters<typeof wordsForMoney>[0] | undefined, policy: PolicyFigures): Entry[] {
  return money === undefined ? [] : [[name, wordsForMoney(money, policy)]]
}
