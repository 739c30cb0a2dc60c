import { z } from '../core/zod.ts'
import { oneOf, strictObject } from './other-words.ts'
import { instantSchema, noteSchema } from './rule-definition.ts'

/** What it means that a value is on a list: a final decline, an override that approves, a plain review, or nothing by itself. */
const listEffects = ['block', 'allow', 'watch', 'none'] as const

const effectWords = {
  block: 'decline deny reject blacklist blocklist',
  allow: 'approve accept whitelist allowlist',
  watch: 'review flag alert',
  none: 'nothing off',
}

// Rules speak of `lists.NAME`.
export const listNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'a list is named by letters, digits and "_", at most 64, the first no digit')

export const listSchema = strictObject({
  name: listNameSchema,
  /** The key or the field whose values are on it, by the detector's name. */
  of: z.string().min(1).max(128),
  effect: oneOf(listEffects, effectWords),
  note: noteSchema.optional(),
})
export type ListDefinition = Readonly<z.infer<typeof listSchema>>

/** A value as it is sent; as it is kept it is a token where it is personal, and a hash where it is a card number. */
export const entrySchema = strictObject({
  value: z.string().min(1).max(512),
  expiresAt: instantSchema.optional(),
  source: z.string().min(1).max(100).optional(),
  note: z.string().min(1).max(500).optional(),
})
export type EntryDefinition = Readonly<z.infer<typeof entrySchema>>
