import { classificationText } from '../evaluation/classification-report.ts'
import type { Evaluation } from '../evaluation/evaluation.ts'
import type { Terminal } from './terminal.ts'

/** The figures that `--json` gives. */
export function summarise(evaluation: Evaluation) {
  const { rows, frauds, rocAuc, averagePrecision, recallAt1PercentFpr, brier, logLoss, threshold, confusion } =
    evaluation
  const { precisionAt, calibrationRatio, classificationReport, effectiveRows, intervals } = evaluation
  return {
    rows,
    frauds,
    rocAuc,
    averagePrecision,
    recallAt1PercentFpr,
    precisionAt,
    brier,
    logLoss,
    calibrationRatio,
    threshold,
    confusion,
    classificationReport,
    ...(effectiveRows && { effectiveRows }),
    intervals,
  }
}

/** The figures for a person, after the policy's: ranking and probabilities with their intervals, then the classification report. */
export function printEvaluation(evaluation: Evaluation, terminal: Terminal): void {
  const { confusion, intervals, effectiveRows } = evaluation
  const { recall, precision } = evaluation.classificationReport.fraud
  const line = (label: string, name: string, value: number) => {
    const interval = intervals[name]
    const range =
      interval === undefined ? '' : `   95 % from ${interval.lower.toFixed(4)} to ${interval.upper.toFixed(4)}`
    terminal.say(`${label.padEnd(28)}${value.toFixed(4).padStart(9)}${range}`)
  }
  terminal.say('\nthe model, independent of the policy')
  if (effectiveRows !== undefined) {
    const worth = (rows: number) => Math.round(rows).toLocaleString('en')
    terminal.say(
      `weighted, they carry as much information as ${worth(effectiveRows.frauds)} frauds and ${worth(effectiveRows.legitimate)} legitimate rows of equal weight`,
    )
  }
  line('average precision', 'averagePrecision', evaluation.averagePrecision)
  line('ROC AUC', 'rocAuc', evaluation.rocAuc)
  line('recall at 1 % false alarms', 'recallAt1PercentFpr', evaluation.recallAt1PercentFpr)
  line('Brier score', 'brier', evaluation.brier)
  line('log loss', 'logLoss', evaluation.logLoss)
  line('predicted / actual frauds', 'calibrationRatio', evaluation.calibrationRatio)
  const count = (value: number) => Math.round(value).toLocaleString('en')
  terminal.say(
    `\nat the threshold ${evaluation.threshold.toPrecision(4)}: ${count(confusion.tp)} frauds caught, ${count(confusion.fn)} missed, ` +
      `${count(confusion.fp)} false alarms`,
  )
  line('recall', 'recall', recall)
  line('precision', 'precision', precision)
  terminal.say(`\n${classificationText(evaluation)}`)
}
