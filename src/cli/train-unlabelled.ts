import { throwIfInterrupted } from '../core/progress.ts'
import { encodeBundle } from '../models/bundle.ts'
import type { LabelledRows } from '../training/labelled-rows.ts'
import type { PlanRequest } from '../training/plan-training.ts'
import type { TrainingPlan } from '../training/training-plan.ts'
import { runWithoutLabels } from '../training/unlabelled-run.ts'
import { checkPlanWithoutLabels, usualFlagShare } from '../training/without-labels.ts'
import type { Run } from './run.ts'
import { version } from './version.ts'

/** Learns without labels, and says wherever it says something that nothing was measured. */
export async function trainUnlabelled(
  rows: LabelledRows,
  plan: TrainingPlan,
  flags: PlanRequest & { readonly out: string },
  command: string,
  reportPath: string | undefined,
  write: (files: Readonly<Record<string, string | Uint8Array>>) => Promise<void>,
  run: Run,
): Promise<void> {
  const { terminal, signal } = run
  checkPlanWithoutLabels(flags, plan, rows)
  const outcome = await runWithoutLabels(rows, { ...plan, oversample: null }, flags.flagShare ?? usualFlagShare, run)
  const { content, held, flagged } = outcome
  const { bytes, id } = encodeBundle(content)
  const warning = `There are no labels of fraud: ${plan.members[0].learner} learned what is usual, and nothing was measured`
  terminal.warn(warning)
  const draw = async () => {
    const { drawUnlabelled } = await import('../training/draw-unlabelled.ts')
    return drawUnlabelled(rows, outcome, { id, version, command })
  }
  const report = reportPath === undefined ? {} : { [reportPath]: await draw() }
  throwIfInterrupted(signal)
  await write({ [flags.out]: bytes, ...report })
  const { value, chosenBy } = content.threshold
  const show = (count: number) => count.toLocaleString('en')
  terminal.say(
    `\n${show(flagged)} of ${show(held.length)} later rows are flagged, from a score of ${value.toPrecision(4)} on, ${chosenBy};\n` +
      'scores say how strange a transaction is, and are not probabilities of fraud',
  )
  terminal.say(`\nbundle  ${flags.out}  ${id}`)
  if (reportPath !== undefined) terminal.say(`report  ${reportPath}`)
  terminal.result({
    bundle: id,
    out: flags.out,
    report: reportPath,
    rows: rows.labels.length,
    frauds: null,
    metrics: null,
    score: 'rank',
    threshold: value,
    flagged: { rows: flagged, of: held.length },
    warnings: [warning],
  })
}
