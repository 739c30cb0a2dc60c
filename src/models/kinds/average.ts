import { z } from '../../core/zod.ts'
import { type AverageModel, createAverage } from '../average.ts'
import { carryToProbability } from '../carry-to-probability.ts'
import { defineModelKind, type KindedModel, type LinkedExplainer, type Members } from '../model-kind.ts'

type Average = AverageModel<KindedModel>

export const averageKind = defineModelKind({
  kind: 'average',
  form: (members) => z.strictObject({ kind: z.literal('average'), members: z.array(members).min(1).max(64) }),
  write({ kind, members, weights }: Average, { write }) {
    const written = members.map((member, i) => write(member, `member${i}.`))
    return {
      form: { kind, members: written.map(({ form }) => form) },
      tensors: Object.assign({ weights }, ...written.map(({ tensors }) => tensors)),
    }
  },
  read(form, reader, { read }) {
    const members = form.members.map((member, i) => read(member, `member${i}.`))
    const weights = reader.numbers('weights', members.length)
    const sum = weights.reduce((total, weight) => total + weight, 0)
    if (weights.every((weight) => weight >= 0) && Math.abs(sum - 1) < 1e-9)
      return createAverage(reader.features, members, weights)
    throw reader.invalid('the weights of an average are no shares of 1')
  },
  explain: explainAverage,
  describe: ({ members }) => `${members.length} models`,
  highestRawScore: ({ members, weights }, { highestRawScore }) =>
    members.reduce((sum, member, i) => sum + weights[i] * highestRawScore(member), 0),
  membersOf: ({ members }) => members,
})

/** The weighted mean of its members' explanations, in probability. */
function explainAverage({ members, weights }: Average, { explain }: Pick<Members, 'explain'>) {
  const heard: { readonly explainer: LinkedExplainer; readonly weight: number }[] = []
  for (const [i, member] of members.entries()) {
    // Others have no say.
    if (!(weights[i] > 0)) continue
    const explainer = explain(member)
    if (typeof explainer === 'string') return `it is an average, and one of its models can't be: ${explainer}`
    heard.push({ explainer, weight: weights[i] })
  }
  const explained: LinkedExplainer = {
    scale: 'probability',
    link: undefined,
    explain(row) {
      const contributions = new Float64Array(row.length)
      let [base, error] = [0, 0]
      for (const { explainer, weight } of heard) {
        const own = explainer.explain(row)
        const part = explainer.link === undefined ? own : carryToProbability(own, explainer.link)
        base += weight * part.base
        error += weight * part.error
        for (let i = 0; i < contributions.length; i++) contributions[i] += weight * part.contributions[i]
      }
      return { scale: 'probability', base, contributions, error }
    },
  }
  return explained
}
