/**
 * What somebody may do. Of services, `score` asks for predictions and decisions, and `label` reports labels. Of people,
 * `viewer` reads decisions, `analyst` searches them, `author` writes changes to what decides, `approver` lets changes of
 * others through, and `admin` may do everything.
 */
export const roles = ['score', 'label', 'viewer', 'analyst', 'author', 'approver', 'admin'] as const
export type Role = (typeof roles)[number]

export const everyRole: ReadonlySet<Role> = new Set(roles)

/** Who decides about transactions has to see them. */
const readers: ReadonlySet<Role> = new Set(['analyst', 'author', 'approver'])

/** Roles with those that they include: nobody else has to know that an administrator may do what a viewer may. */
export function spellOut(given: readonly Role[]): ReadonlySet<Role> {
  if (given.includes('admin')) return everyRole
  return new Set(given.flatMap((role): readonly Role[] => (readers.has(role) ? [role, 'viewer'] : [role])))
}
