import type { Decisions } from './decisions.ts'

/** What people do to a policy, and see of it, wherever its changes have their order. */
export type PolicyDesk = Pick<Decisions, 'policy' | 'change' | 'draft' | 'examine' | 'entriesOf' | 'trippedFuses'>
