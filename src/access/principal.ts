import type { Role } from './roles.ts'

/** Who asks for something: a record of what was changed names them. */
export interface Principal {
  /** `key:checkout` of a key with a name, `environment:1` of the first in SHRIKE_API_KEYS: a name is told apart by its kind. */
  readonly name: string
  /** Those that they include are among them. */
  readonly roles: ReadonlySet<Role>
}
