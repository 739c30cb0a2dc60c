import { roles } from '../../access/roles.ts'
import { FraudError } from '../../core/errors.ts'

const time = { type: 'string', format: 'date-time' } as const
const roleList = { type: 'array', items: { type: 'string', enum: roles } } as const
const someRoles = { ...roleList, minItems: 1, maxItems: roles.length } as const
const name = { type: 'string', minLength: 1, maxLength: 64 } as const
const newPassword = { type: 'string', minLength: 12, maxLength: 256 } as const

function closed(properties: Readonly<Record<string, unknown>>, required: readonly string[]): object {
  return { type: 'object', properties, required, additionalProperties: false }
}

/** What begins a session. */
export const sessionBody = {
  oneOf: [
    closed({ name: { type: 'string', maxLength: 256 }, password: { type: 'string', maxLength: 1024 } }, [
      'name',
      'password',
    ]),
    closed({ once: { type: 'string', maxLength: 256, description: 'The secret of the one-time link.' } }, ['once']),
  ],
}

export const sessionAnswer = {
  type: 'object',
  properties: {
    principal: { type: 'string', description: 'As records name who asked: user:ada, key:checkout, anyone.' },
    user: { type: ['string', 'null'], description: 'Who has logged in; null with a key, or where nobody has to.' },
    roles: roleList,
    endsAt: { type: ['string', 'null'], format: 'date-time', description: 'When the session ends without requests.' },
  },
  required: ['principal', 'user', 'roles', 'endsAt'],
} as const

export const waysAnswer = {
  type: 'object',
  properties: {
    needed: { type: 'boolean', description: 'Whether requests without a key or a login are refused.' },
    password: { type: 'boolean', description: 'Whether there are users.' },
    oidc: { type: 'boolean', description: 'Whether GET /v1/sessions/oidc leads to a provider.' },
  },
  required: ['needed', 'password', 'oidc'],
} as const

export const auditAnswer = {
  type: 'object',
  properties: {
    entries: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: { type: 'integer' },
          at: time,
          who: { type: 'string', description: 'The principal: user:ada, key:checkout, command:users.' },
          what: { type: 'string', description: 'The operation, as this document names it, or refused.' },
          target: { type: ['string', 'null'], description: 'The method and path, or the user or key of a command.' },
          from: { type: ['string', 'null'], description: 'The address; null of a command.' },
          detail: { type: 'object' },
        },
        required: ['id', 'at', 'who', 'what', 'target', 'from', 'detail'],
      },
    },
    cursor: { type: ['integer', 'null'] },
  },
  required: ['entries', 'cursor'],
} as const

export const userAnswer = {
  type: 'object',
  properties: { name, roles: roleList, disabled: { type: 'boolean' }, createdAt: time },
  required: ['name', 'roles', 'disabled', 'createdAt'],
} as const

export const newUserBody = closed({ name, password: newPassword, roles: someRoles }, ['name', 'password', 'roles'])

export const userChangeBody = closed({ password: newPassword, roles: someRoles, disabled: { type: 'boolean' } }, [])

export const foreign = new FraudError(
  'ORIGIN_REFUSED',
  'Only pages of this service may ask for this with the cookie of a login',
)
/** Of routes that take a password. */
export const loginRefusals: readonly FraudError[] = [
  new FraudError('LOGIN_FAILED', 'The name or the password is wrong, or the user is disabled'),
  new FraudError('LOGIN_LIMITED', 'Too many failed logins: try again in 8 s'),
  foreign,
]
export const userExists = new FraudError('USER_EXISTS', 'There is a user "ada" already')
export const unknownUser = new FraudError('USER_UNKNOWN', 'There is no user "adda". Did you mean "ada"?')
export const isLastAdmin = new FraudError('LAST_ADMIN', '"ada" is the last user with the role admin')
