import type { DetectorProblem } from '../detector/detector.ts'
import type { Detector } from '../detector/detector-schema.ts'

/** Why only the label may read a column, by column: it is known only after the transaction. */
export function labelColumns({ transaction }: Detector): ReadonlyMap<string, string> {
  const { label, time } = transaction
  const reasons = new Map<string, string>()
  // A label may be known at the transaction's own time, which everybody may read.
  if (label.knownAt !== undefined && label.knownAt !== time?.field) {
    reasons.set(
      label.knownAt,
      `the column "${label.knownAt}" says when the label is known, which is not known when a transaction arrives`,
    )
  }
  reasons.set(
    label.field,
    `the column "${label.field}" is the label that a model predicts: it is not known when a transaction arrives`,
  )
  return reasons
}

/** Parts of a transaction that features, or those who ask for decisions, would have to take from the label. */
export function findLabelReaders(detector: Detector): readonly DetectorProblem[] {
  const reasons = labelColumns(detector)
  const { id, time, amount, keys = {}, fields = {}, position } = detector.transaction
  const { currency, conversion } = amount ?? {}
  const named = (part: string, columns: Readonly<Record<string, string>>) =>
    Object.entries(columns).map(([name, column]) => ({ path: [part, name], column }))
  const read = [
    { path: ['id'], column: id },
    { path: ['time', 'field'], column: time?.field },
    { path: ['time', 'clock'], column: time?.clock },
    { path: ['amount', 'field'], column: amount?.field },
    { path: ['amount', 'currency', 'field'], column: typeof currency === 'object' ? currency.field : undefined },
    { path: ['amount', 'conversion'], column: conversion },
    ...named('keys', keys),
    ...named('fields', fields),
    ...named('position', position ?? {}),
  ]
  return read.flatMap(({ path, column }) => {
    const reason = column === undefined ? undefined : reasons.get(column)
    return reason === undefined ? [] : [{ path: ['transaction', ...path], reason }]
  })
}
