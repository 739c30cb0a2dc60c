import type { AlertDefinition, AlertKind, Condition } from './alert.ts'
import type { DriftReport, FeatureDrift } from './drift.ts'
import type { LabelLag } from './label-lag.ts'
import type { Performance } from './performance.ts'
import type { Rates } from './rates.ts'

/** What is so now beside what is decided. */
export interface ServiceState {
  readonly fuses: readonly string[]
  /** A canary that its guard took back lately, and why. */
  readonly rolledBack: { readonly model: string; readonly why: string } | undefined
  /** Of the scores that shadows should have given since the last look, those that they gave up, by model. */
  readonly shadows: readonly { readonly model: string; readonly dropped: number; readonly all: number }[]
  /** Why nothing is decided; undefined where it is. */
  readonly notDeciding: string | undefined
}

export interface Observations {
  readonly drift: DriftReport
  readonly rates: Rates
  readonly lags: readonly LabelLag[]
  /** The newest first. */
  readonly weeks: readonly Performance[]
}

type Limit = (kind: AlertKind) => number | undefined

/** What somebody who asked for alerts has to hear of. */
export function conditionsOf(
  definitions: readonly AlertDefinition[],
  state: ServiceState,
  observed: Observations | undefined,
): readonly Condition[] {
  const wanted = new Map(definitions.filter(({ isOn }) => isOn).map((definition) => [definition.kind, definition]))
  const limit: Limit = (kind) => wanted.get(kind)?.limit
  const all = [
    ...serviceConditions(state, limit),
    ...(observed === undefined ? [] : observedConditions(observed, limit)),
  ]
  return all.filter(({ alert }) => wanted.has(alert))
}

function serviceConditions(state: ServiceState, limit: Limit): readonly Condition[] {
  const { fuses, rolledBack, shadows, notDeciding } = state
  const dropped = shadows.filter(({ dropped, all }) => all >= 100 && dropped > (limit('shadow-drops') ?? 0.1) * all)
  return [
    ...fuses.map((fuse) => begin('fuse', fuse, `The fuse ${fuse} has tripped and holds back what it protects from`)),
    ...(rolledBack === undefined ? [] : [begin('canary-rolled-back', rolledBack.model, rolledBack.why)]),
    ...dropped.map(({ model, dropped, all }) =>
      begin(
        'shadow-drops',
        model,
        `${percent(dropped / all)} of the scores of ${model} were left out for lack of time`,
        null,
        dropped / all,
      ),
    ),
    ...(notDeciding === undefined ? [] : [begin('not-deciding', 'service', notDeciding)]),
  ]
}

function observedConditions({ drift, rates, lags, weeks }: Observations, limit: Limit): readonly Condition[] {
  const short = rates.rates.find(({ name }) => name === 'degraded:history-short')?.share
  return [
    ...drift.features.flatMap((each) => ofFeature(each, limit)),
    ...rates.rates.flatMap(({ name, share, pastShare, isChanged }) => {
      const alert = name.startsWith('outcome:') ? 'outcome-rate' : name.startsWith('rule:') ? 'rule-rate' : undefined
      if (alert === undefined || !isChanged || share === null || pastShare === null) return []
      const subject = name.slice(name.indexOf(':') + 1)
      const text = `${subject}: ${percent(share.value)} of the decisions of the last day, ${percent(pastShare.value)} in the weeks before`
      return [begin(alert, subject, text, pastShare.value, share.value)]
    }),
    ...(short && short.value > (limit('history-short') ?? 0.01) && short.lower > (limit('history-short') ?? 0.01) / 2
      ? [
          begin(
            'history-short',
            'histories',
            `${percent(short.value)} of the decisions of the last day had windows that the log does not fill`,
            null,
            short.value,
          ),
        ]
      : []),
    ...ofPrecision(weeks),
    ...lags.flatMap((lag) => ofLag(lag, limit('label-lag') ?? 2)),
  ]
}

function ofFeature(each: FeatureDrift, limit: Limit): readonly Condition[] {
  const { feature, against, psi, mean, missing, unknown, isDrift, usual, rows } = each
  const name = feature ?? 'score'
  const before = against === 'past' ? 'in the weeks before' : 'in training'
  const beyond = psi.value - psi.noise
  const found: Condition[] = []
  const least = limit('drift') ?? 0.05
  if (usual !== null && beyond >= least) {
    const moved =
      mean.from === null || mean.to === null ? '' : `, its mean from ${short(mean.from)} to ${short(mean.to)}`
    const text = `${name} is spread differently than ${before}: PSI ${short(psi.value)}, ${short(psi.lower)} at least${moved}`
    found.push({
      alert: 'drift',
      subject: `${name} against ${against}`,
      text,
      from: mean.from,
      to: mean.to,
      begins: isDrift,
    })
  }
  for (const [alert, share, words] of [
    ['missing', missing, 'is missing'],
    ['unknown-categories', unknown ?? { from: null, to: null }, 'is not a text that the detector lists'],
  ] as const) {
    const { from, to } = share
    if (from === null || to === null || to - from < (limit(alert) ?? 0.05)) continue
    const spread = usual?.spread ?? 2
    const middle = (from * rows.reference + to * rows.current + 1) / (rows.reference + rows.current + 2)
    const deviation = Math.sqrt(middle * (1 - middle) * spread * (1 / rows.reference + 1 / rows.current))
    const text = `${name} ${words} in ${percent(to)} of the decisions, ${percent(from)} ${before}`
    found.push({ alert, subject: `${name} against ${against}`, text, from, to, begins: to - from > 4 * deviation })
  }
  return found
}

/**
 * Whether the newest week that is mature has less of it than the four before, beyond what chance explains: of each model
 * that decided in it.
 */
function ofPrecision(weeks: readonly Performance[]): readonly Condition[] {
  const mature = weeks.filter(({ isMature }) => isMature)
  const known = mature.filter(({ precision }) => precision !== null)
  return mature
    .filter(({ week }) => week === mature[0].week)
    .flatMap((newest) =>
      ofWeek(
        newest,
        known.filter(({ week, model }) => model === newest.model && week < newest.week),
      ),
    )
}

function ofWeek({ model: id, precision }: Performance, earlier: readonly Performance[]): readonly Condition[] {
  const before = earlier.slice(0, 4)
  if (precision === null || before.length === 0) return []
  const least = Math.min(...before.map((each) => each.precision?.lower ?? 0))
  const usual = before.reduce((sum, each) => sum + (each.precision?.value ?? 0), 0) / before.length
  if (precision.upper >= least) return []
  const model = id ?? 'rules'
  const text = `${percent(precision.value)} of what was not approved in the newest mature week is fraud, ${percent(usual)} in the weeks before`
  return [begin('precision', model, text, usual, precision.value)]
}

/** Reports of fraud that no longer come are as bad as those that come late. */
function ofLag(
  { isFraud, labels, pastLabels, medianHours, pastMedianHours }: LabelLag,
  times: number,
): readonly Condition[] {
  const name = isFraud ? 'fraud' : 'legitimate'
  const weekly = pastLabels / 4
  // Less than a hundredth of what is drawn from a Poisson distribution with a mean of 9 is below 3.
  if (weekly >= 9 && labels < weekly / 3) {
    const text = `${labels} labels of ${name} came in the last week, ${short(weekly)} a week before`
    return [begin('label-lag', name, text, weekly, labels)]
  }
  if (medianHours === null || pastMedianHours === null || labels < 20 || pastLabels < 20) return []
  if (medianHours < times * pastMedianHours || medianHours - pastMedianHours < 24) return []
  const text = `Half of the labels of ${name} are known after ${short(medianHours / 24)} days, after ${short(pastMedianHours / 24)} before`
  return [begin('label-lag', name, text, pastMedianHours, medianHours)]
}

function begin(
  alert: AlertKind,
  subject: string,
  text: string,
  from: number | null = null,
  to: number | null = null,
): Condition {
  return { alert, subject, text, from, to, begins: true }
}

function percent(share: number): string {
  return `${short(100 * share)} %`
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}
