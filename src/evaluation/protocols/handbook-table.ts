import { type HandbookFigures, handbookMetrics } from './book-figures.ts'
import type { HandbookResult } from './handbook.ts'

const titles = ['AUC ROC', 'average precision', 'card precision@100']
const nameWidth = 28
const cell = 24

/** Ours, the book's and the difference: the base fold of chapter 3, then the four folds of chapter 5. */
export function renderHandbookTable(results: readonly HandbookResult[]): string {
  return [
    'Base fold (training from 2018-07-25): ours, the book, difference',
    header(),
    ...results.map((result) => line(result.name, result.base, result.book.base)),
    '',
    'Mean of four folds: ours, the book, difference',
    header(),
    ...results.map((result) => line(result.name, result.mean, result.book.mean)),
    '',
    'Standard deviation over the folds',
    header(),
    ...results.map((result) => line(result.name, result.standardDeviation, undefined)),
  ].join('\n')
}

function header(): string {
  return `${''.padEnd(nameWidth)}${titles.map((title) => title.padEnd(cell)).join('')}`.trimEnd()
}

function line(name: string, ours: HandbookFigures, book: HandbookFigures | undefined): string {
  const cells = handbookMetrics.map((metric) => {
    const figure = ours[metric].toFixed(4)
    if (book === undefined) return figure.padEnd(cell)
    const difference = ours[metric] - book[metric]
    return `${figure} ${book[metric].toFixed(4)} ${difference < 0 ? '-' : '+'}${Math.abs(difference).toFixed(4)}`.padEnd(cell)
  })
  return `${name.padEnd(nameWidth)}${cells.join('')}`.trimEnd()
}
