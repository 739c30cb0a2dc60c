import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { parseDetectorFile } from '../src/detector/detector.ts'
import { compileFeatures } from '../src/features/feature-set.ts'
import { dataDirectory } from '../src/stores/data-directory.ts'
import { SqliteLogReader } from '../src/stores/sqlite/sqlite-log-reader.ts'
import { rejudge } from '../test/rejudge.ts'
import type { Claim } from './harness/claim.ts'
import { type DecisionsService, missingForDecisions, prepareDecisions } from './harness/decisions-service.ts'
import { answerLines, describeBeside, measureBeside, noneOf } from './harness/load-beside.ts'
import { changeAlong } from './harness/policy-changes-plan.ts'
import { putRules } from './harness/policy-of-rules.ts'
import { ruleWordsOf } from './harness/policy-rules.ts'
import { format } from './harness/report.ts'

const changes = 50
const rules = 100

export const policyChanges: Claim = {
  title: 'POST /v1/decisions: while the policy changes',
  packages: [],
  async measure({ rounds = 2, smoke, log }) {
    const missing = missingForDecisions(['taskset'])
    if (missing !== undefined) return missing
    const prepared = await prepareDecisions(smoke, log)
    const { detector, name: traffic } = prepared.traffic
    const words = ruleWordsOf(detector)
    const times = smoke ? { seconds: 3, rounds: 1 } : { seconds: 25, rounds }
    const beside = {
      ...{ name: `${changes} changes`, files: 'changes', warmSeconds: 10, ...times, log },
      async prepare(origin: string) {
        await putRules(origin, detector, rules)
      },
      make: (origin: string, seconds: number, seed: number) =>
        changeAlong(origin, words, { count: changes, seconds, rules, seed }),
    }
    const measured = await measureBeside(prepared, beside, (service, answers) =>
      checkAnswers(service, detector, answers),
    )
    const { decisions, versions, mixed, fired } = measured.checked
    const of = `${decisions.toLocaleString('en-US')}, in ${versions} versions`
    return describeBeside(beside, measured, {
      traffic,
      what: `${rules} rules in force, of which ${format(fired / decisions)} apply to a decision. Changes are rules that are added, changed and switched, thresholds, lists, entries and rollbacks, evenly spread.`,
      how: 'Every record and every answer was judged again by a policy made of the definitions of the version that it names.',
      column: { name: 'slowest change, ms', tell: ({ answerMs }) => format(Math.max(...answerMs)) },
      verdicts: [noneOf('Decisions that are not wholly of the version that they name', mixed, of)],
    })
  },
}

const answerSchema = z.object({
  transactionId: z.string(),
  outcome: z.string(),
  policy: z.number(),
  rules: z.array(z.unknown()),
})

interface Checked {
  readonly decisions: number
  readonly versions: number
  /** Decisions and answers that are not those of the version that they name, and of the one that was in force. */
  readonly mixed: number
  readonly fired: number
}

/** Judges every decision again by a policy made of the version that it names: its record, and its answer. */
function checkAnswers({ folder }: DecisionsService, detectorFile: string, files: readonly string[]): Checked {
  const located = parseDetectorFile(readFileSync(detectorFile, 'utf8'), detectorFile)
  const answers = new Map(
    answerLines(files)
      .map((line) => answerSchema.parse(JSON.parse(line)))
      .map((answer) => [answer.transactionId, answer]),
  )
  const reader = new SqliteLogReader(dataDirectory(folder).logPath)
  const versions = new Set<number>()
  let [decisions, mixed, fired] = [0, 0, 0]
  try {
    const inForce = { detector: located.detector, features: compileFeatures(located) }
    for (const { record, inForce: version, expected } of rejudge(reader, inForce)) {
      const { outcome, policy } = record
      const said = expected.policy?.rules?.map(({ id, state, outcome: of }) => ({ id, state, outcome: of })) ?? []
      const answer = answers.get(record.id)
      const isOne =
        isDeepStrictEqual({ outcome, policy }, expected) &&
        policy?.version === version &&
        answer?.outcome === outcome &&
        answer.policy === version &&
        isDeepStrictEqual(answer.rules, said)
      if (!isOne) mixed++
      answers.delete(record.id)
      versions.add(version)
      decisions++
      fired += said.length
    }
  } finally {
    reader.close()
  }
  return { decisions, versions: versions.size, mixed: mixed + answers.size, fired }
}
