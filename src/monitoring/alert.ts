import { z } from '../core/zod.ts'

/** What alerts can be of. */
export const alertKinds = [
  'drift',
  'missing',
  'unknown-categories',
  'outcome-rate',
  'rule-rate',
  'label-lag',
  'precision',
  'history-short',
  'fuse',
  'canary-rolled-back',
  'shadow-drops',
  'not-deciding',
] as const
export type AlertKind = (typeof alertKinds)[number]

export const severities = ['info', 'warning', 'critical'] as const

/** How somebody wants to be told of one kind of thing. */
const definitionSchema = z.strictObject({
  kind: z.enum(alertKinds),
  isOn: z.boolean(),
  severity: z.enum(severities),
  /** Of `drift` the PSI beyond noise; of shares the share; of `label-lag` how many times as long as before. */
  limit: z.number().gt(0).lte(1000).exactOptional(),
  note: z.string().max(500).exactOptional(),
})
export type AlertDefinition = Readonly<z.infer<typeof definitionSchema>>

/** What the record of a change of alerts holds. */
export const alertChangeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('definitions'), alerts: z.array(definitionSchema).max(alertKinds.length) }),
  z.strictObject({
    kind: z.literal('fired'),
    alert: z.enum(alertKinds),
    subject: z.string(),
    severity: z.enum(severities),
    text: z.string(),
    from: z.number().nullable(),
    to: z.number().nullable(),
  }),
  z.strictObject({ kind: z.literal('resolved'), alert: z.enum(alertKinds), subject: z.string(), text: z.string() }),
])
export type AlertChange = Readonly<z.infer<typeof alertChangeSchema>>

const usual = (kind: AlertKind, severity: AlertDefinition['severity'], limit?: number): AlertDefinition => {
  return { kind, isOn: true, severity, ...(limit !== undefined && { limit }) }
}

/** In force until somebody says otherwise; a kind that was left out keeps its own. */
export const usualAlerts: readonly AlertDefinition[] = [
  usual('drift', 'warning', 0.05),
  usual('missing', 'critical', 0.05),
  usual('unknown-categories', 'warning', 0.05),
  usual('outcome-rate', 'warning'),
  usual('rule-rate', 'info'),
  usual('label-lag', 'warning', 2),
  usual('precision', 'warning'),
  usual('history-short', 'warning', 0.01),
  usual('fuse', 'critical'),
  usual('canary-rolled-back', 'warning'),
  usual('shadow-drops', 'info', 0.1),
  usual('not-deciding', 'critical'),
]

/** Something that is so now. */
export interface Condition {
  readonly alert: AlertKind
  /** What it is of: a feature, an outcome, a rule, a model. */
  readonly subject: string
  readonly text: string
  readonly from: number | null
  readonly to: number | null
  /** Whether it begins an alert; otherwise it only keeps one from ending. */
  readonly begins: boolean
}

/** A change of an alert, as sinks are told of it. */
export interface AlertEvent {
  /** The number of its record. */
  readonly sequence: number
  readonly at: string
  readonly state: 'firing' | 'resolved'
  readonly alert: AlertKind
  readonly subject: string
  readonly severity: AlertDefinition['severity']
  readonly text: string
  readonly from: number | null
  readonly to: number | null
  /** When it began. */
  readonly since: string
}

/** Where alerts go beside the log. */
export interface AlertSink {
  /** Is told of every change in the order of its number, and again of the newest after a start; takes each once. */
  tell(event: AlertEvent): void
  readonly figures: { readonly sent: number; readonly failed: number; readonly waiting: number }
  close(): Promise<void>
}
