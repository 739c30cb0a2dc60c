import { z } from '../../core/zod.ts'
import { type AverageModel, averagedLogOdds, createAverage, meanAveragedLogOdds } from '../average.ts'
import { carryAlong, carryPivoted, straightPath } from '../carry-along.ts'
import { carryToProbability, logisticLink } from '../carry-to-probability.ts'
import type { Explanation } from '../contributions.ts'
import { probabilityOf } from '../log-odds.ts'
import { defineModelKind, type KindedModel, type LinkedExplainer, type Members } from '../model-kind.ts'

type Average = AverageModel<KindedModel>

export const averageKind = defineModelKind({
  kind: 'average',
  form: (members) =>
    z.strictObject({
      kind: z.literal('average'),
      // Bundles from before there was a choice do not say it.
      of: z.enum(['probability', 'log-odds']).optional(),
      members: z.array(members).min(1).max(64),
    }),
  write({ kind, of, members, weights }: Average, { write }) {
    const written = members.map((member, i) => write(member, `member${i}.`))
    return {
      form: { kind, ...(of !== 'probability' && { of }), members: written.map(({ form }) => form) },
      tensors: Object.assign({ weights }, ...written.map(({ tensors }) => tensors)),
    }
  },
  read(form, reader, { read }) {
    const members = form.members.map((member, i) => read(member, `member${i}.`))
    const weights = reader.numbers('weights', members.length)
    const sum = weights.reduce((total, weight) => total + weight, 0)
    if (weights.every((weight) => weight >= 0) && Math.abs(sum - 1) < 1e-9)
      return createAverage(reader.features, members, weights, form.of)
    throw reader.invalid('the weights of an average are no shares of 1')
  },
  explain: explainAverage,
  describe: ({ members }) => `${members.length} models`,
  highestRawScore({ of, members, weights }, { highestRawScore }) {
    const sum = (share: (probability: number) => number) =>
      members.reduce((total, member, i) => total + weights[i] * share(highestRawScore(member)), 0)
    return of === 'log-odds' ? probabilityOf(sum(averagedLogOdds)) : sum((probability) => probability)
  },
  membersOf: ({ members }) => members,
  bundleFormat: ({ of }) => (of === 'log-odds' ? 3 : 1),
})

/** The weighted mean of its members' explanations, carried over to what is averaged. */
function explainAverage({ of, members, weights }: Average, { explain }: Pick<Members, 'explain'>) {
  const heard: { readonly explainer: LinkedExplainer; readonly weight: number }[] = []
  for (const [i, member] of members.entries()) {
    // Others have no say.
    if (!(weights[i] > 0)) continue
    const explainer = explain(member)
    if (typeof explainer === 'string') return `it is an average, and one of its models can't be: ${explainer}`
    heard.push({ explainer, weight: weights[i] })
  }
  const tell = of === 'log-odds' ? tellInLogOdds : tellInProbability
  const explained: LinkedExplainer = {
    scale: of,
    link: of === 'log-odds' ? logisticLink : undefined,
    explain(row) {
      const contributions = new Float64Array(row.length)
      let [base, error] = [0, 0]
      for (const { explainer, weight } of heard) {
        const part = tell(explainer, row)
        base += weight * part.base
        error += weight * part.error
        for (let i = 0; i < contributions.length; i++) contributions[i] += weight * part.contributions[i]
      }
      return { scale: of, base, contributions, error }
    },
  }
  return explained
}

function tellInProbability(explainer: LinkedExplainer, row: Float64Array): Explanation {
  const own = explainer.explain(row)
  return explainer.link === undefined ? own : carryToProbability(own, explainer.link)
}

function tellInLogOdds(explainer: LinkedExplainer, row: Float64Array): Explanation {
  const { link } = explainer
  if (explainer.pivoted !== undefined) return carryPivoted(explainer.pivoted(row), meanAveragedLogOdds)
  const toLogOdds = (output: number) =>
    averagedLogOdds(link === undefined ? Math.min(1, Math.max(0, output)) : link(output, 0))
  if (explainer.along !== undefined) return carryAlong(explainer.along(row), toLogOdds)
  const own = explainer.explain(row)
  const carried = carryAlong(straightPath(own), toLogOdds)
  return { ...carried, error: carried.error + own.error }
}
