import { type Command, InvalidArgumentError, Option } from 'commander'
import type { OidcChoice } from '../access/oidc.ts'
import { type Role, roles } from '../access/roles.ts'
import { FraudError } from '../core/errors.ts'

type RoleOfValue = OidcChoice['roles'][number]

export interface OidcFlags {
  readonly oidcIssuer?: string
  readonly oidcClientId?: string
  readonly oidcUrl?: string
  readonly oidcNameClaim: string
  readonly oidcRolesClaim: string
  readonly oidcRole?: readonly RoleOfValue[]
}

export function addOidcFlags(command: Command): Command {
  return command
    .option('--oidc-issuer <url>', 'people log in at this OpenID Connect provider')
    .option('--oidc-client-id <id>', 'the id of this service at the provider; its secret is SHRIKE_OIDC_CLIENT_SECRET')
    .option('--oidc-url <url>', 'where browsers reach this service, such as https://fraud.example.com')
    .option('--oidc-name-claim <claim>', 'the claim that names the person', 'preferred_username')
    .option('--oidc-roles-claim <claim>', 'the claim whose values give roles', 'groups')
    .addOption(
      new Option('--oidc-role <role=value>', 'a role and the value of the claim that gives it; repeat it').argParser(
        readRole,
      ),
    )
}

function readRole(text: string, before: readonly RoleOfValue[] = []): readonly RoleOfValue[] {
  const [name = '', ...rest] = text.split('=')
  const role: Role | undefined = roles.find((each) => each === name)
  const value = rest.join('=')
  if (role === undefined || value === '')
    throw new InvalidArgumentError(`write ROLE=VALUE, such as author=fraud-rules; roles are ${roles.join(', ')}.`)
  return [...before, { role, value }]
}

/** @throws FraudError OPTION_INVALID where some of it is missing */
export function readOidc(flags: OidcFlags): OidcChoice | undefined {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcUrl: publicUrl, oidcRole = [] } = flags
  if (issuer === undefined && clientId === undefined && publicUrl === undefined && oidcRole.length === 0)
    return undefined
  if (issuer === undefined || clientId === undefined || publicUrl === undefined || oidcRole.length === 0) {
    throw new FraudError(
      'OPTION_INVALID',
      'OpenID Connect needs --oidc-issuer, --oidc-client-id, --oidc-url and at least one --oidc-role',
    )
  }
  const clientSecret = process.env.SHRIKE_OIDC_CLIENT_SECRET || undefined
  const { oidcNameClaim: nameClaim, oidcRolesClaim: rolesClaim } = flags
  return { issuer, clientId, clientSecret, publicUrl, nameClaim, rolesClaim, roles: oidcRole }
}
