/** Whether a data location names a database, and not a directory. */
export function isDatabase(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location)
}

interface Parts {
  readonly scheme: string
  /** With the @ at its end; empty where nobody is named. */
  readonly user: string
  /** Each with its port, where it has one. */
  readonly hosts: readonly string[]
  readonly path: string
  readonly settings: URLSearchParams
}

/** An address may name several servers, as PostgreSQL's own clients take them: `postgres://user@a,b:5433/database`. */
function partsOf(url: string): Parts | undefined {
  const found = /^(postgres(?:ql)?:\/\/)([^/?#]*)([^?#]*)(?:\?([^#]*))?/.exec(url)
  if (found === null) return undefined
  const [, scheme, authority, path, settings] = found
  const userEnd = authority.lastIndexOf('@') + 1
  const hosts = authority.slice(userEnd).split(',')
  return { scheme, user: authority.slice(0, userEnd), hosts, path, settings: new URLSearchParams(settings) }
}

/** What may be told of an address: everything but the password. */
export function placeOf(url: string): string {
  const parts = partsOf(url)
  if (parts === undefined) return 'postgres://...'
  const { user, hosts, path } = parts
  const name = user === '' ? '' : `${user.slice(0, -1).split(':')[0]}@`
  return `postgres://${name}${hosts}${path}`
}

/** The servers that an address names, each with an address of its own. @throws Error where it asks for what is not there. */
export function serversOf(url: string): readonly string[] {
  const parts = partsOf(url)
  const wanted = parts?.settings.get('target_session_attrs')
  if (wanted !== undefined && wanted !== null && !['any', 'read-write', 'primary'].includes(wanted))
    throw new Error(`it asks for a server that is ${wanted} (target_session_attrs), and a log is written`)
  if (parts === undefined || (parts.hosts.length === 1 && typeof wanted !== 'string')) return [url]
  const { scheme, user, hosts, path, settings } = parts
  settings.delete('target_session_attrs')
  const asked = settings.size === 0 ? '' : `?${settings}`
  return hosts.map((host) => `${scheme}${user}${host}${path}${asked}`)
}
