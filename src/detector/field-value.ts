/** A declared field of a transaction as it came; a missing one is undefined. */
export type FieldValue = string | number | undefined
