import { roles } from '../../access/roles.ts'
import type { ShownUser } from '../../access/users.ts'
import { FraudError } from '../../core/errors.ts'
import { z } from '../../core/zod.ts'
import { answerParsed } from '../access-body.ts'
import type { AccessContext, Route } from '../route.ts'
import { isLastAdmin, newUserBody, unknownUser, userAnswer, userChangeBody, userExists } from '../schemas/access.ts'
import { jsonAnswer, jsonBody } from '../schemas/parts.ts'
import { pathParameter } from '../schemas/policy.ts'
import { usual } from '../schemas/refused.ts'
import { refuseWithoutTls } from '../session-cookie.ts'

/** `GET /v1/users`. */
export const userList: Route<AccessContext> = {
  method: 'GET',
  path: '/v1/users',
  role: 'admin',
  summary: 'The users, by name',
  bounds: ['load'],
  operationId: 'users',
  tag: 'access',
  answers: {
    ok: jsonAnswer('The users.', {
      type: 'object',
      properties: { users: { type: 'array', items: userAnswer } },
      required: ['users'],
    }),
    refusals: [],
  },
  handle:
    ({ accounts }) =>
    (_request, reply) =>
      reply.header('cache-control', 'no-store').send({ users: accounts.users.list() }),
}

const password = z.string().max(1024)
const rolesOfUser = z.array(z.enum(roles)).min(1).max(roles.length)
const newUser = z.strictObject({ name: z.string().max(256), password, roles: rolesOfUser })
const userChange = z.strictObject({
  password: password.optional(),
  roles: rolesOfUser.optional(),
  disabled: z.boolean().optional(),
})

/** `POST /v1/users`. */
export const createUser: Route<AccessContext> = {
  method: 'POST',
  path: '/v1/users',
  role: 'admin',
  summary: 'Create a user',
  bounds: ['load'],
  operationId: 'createUser',
  tag: 'access',
  details: 'The first user has the role admin. From then on every request needs a key or a login.',
  body: () => jsonBody(newUserBody, { name: 'ada', password: 'correct horse battery staple', roles: ['admin'] }),
  answers: {
    ok: jsonAnswer('The user.', userAnswer),
    okStatus: 201,
    refusals: [...usual, userExists],
  },
  handle: (context) => (request, reply) => {
    refuseWithoutTls(request, context.isInsecure)
    refuseMaking(context)
    answerParsed(context, newUser, request, reply, async ({ name, password, roles }) => {
      const user = await context.accounts.users.create(name, password, [...new Set(roles)])
      request.auditDetail = { user: name, roles: user.roles }
      reply.code(201)
      return user
    })
  },
}

/** `PUT /v1/users/{name}`: what is left out stays as it is. */
export const changeUser: Route<AccessContext> = {
  method: 'PUT',
  path: '/v1/users/{name}',
  role: 'admin',
  summary: 'Change the roles or the password of a user, or disable one',
  bounds: ['load'],
  operationId: 'changeUser',
  tag: 'access',
  details: 'What is left out stays as it is. A new password, and being disabled, ends the sessions of the user.',
  parameters: () => [pathParameter('name')],
  body: () => jsonBody(userChangeBody, { roles: ['analyst', 'author'] }),
  answers: {
    ok: jsonAnswer('The user.', userAnswer),
    refusals: [...usual, unknownUser, isLastAdmin],
  },
  handle: (context) => (request, reply) => {
    refuseWithoutTls(request, context.isInsecure)
    answerParsed(context, userChange, request, reply, async ({ roles, ...change }) => {
      if (roles !== undefined || change.password !== undefined || change.disabled === false) refuseMaking(context)
      const { users } = context.accounts
      const { name } = request.params
      const before = users.list().find((each) => each.name === name)
      const user = await users.change(name, { ...change, roles: roles && [...new Set(roles)] })
      const told = (each: ShownUser | undefined) =>
        each === undefined ? null : { roles: each.roles, disabled: each.disabled }
      request.auditDetail = {
        ...{ user: name, before: told(before), after: told(user) },
        ...(change.password !== undefined && { password: 'changed' }),
      }
      return user
    })
  },
}

/** Who could make a person, or become one by another password, would approve changes of their own. */
function refuseMaking({ accounts }: AccessContext): void {
  if (!accounts.fourEyes.isOn) return
  throw new FraudError(
    'APPROVAL_REQUIRED',
    'Under four eyes users are only disabled over HTTP: on the machine itself `shrike users` creates and changes them',
  )
}
