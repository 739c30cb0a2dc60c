import type { Role } from './roles.ts'

/** Who asks for something: a record of what was changed names them. */
export interface Principal {
  /**
   * `user:ada` of somebody who logged in, `key:checkout` of a key with a name, `environment:1` of the first in
   * SHRIKE_API_KEYS, `anyone`: a kind, then a name of it.
   */
  readonly name: string
  /** Who is behind it, where that is known: with two keys and a login somebody is still one person. */
  readonly person?: string | undefined
  /** Those that they include are among them. */
  readonly roles: ReadonlySet<Role>
}
