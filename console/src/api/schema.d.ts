import type * as api from '../../../client/src/api.ts'

/** openapi-fetch takes a readonly array for an object with an array's methods as its fields. */
type Writable<T> = T extends readonly (infer Each)[]
  ? Writable<Each>[]
  : T extends object
    ? { -readonly [Name in keyof T]: Writable<T[Name]> }
    : T

/** The types of every route, which `npm run client:types` makes of the service's document. */
export type paths = Writable<api.paths>
export type components = Writable<api.components>
