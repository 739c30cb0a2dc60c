import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const blocked = new BlockList()
for (const [net, prefix] of [
  ...[['0.0.0.0', 8] as const, ['10.0.0.0', 8] as const, ['100.64.0.0', 10] as const, ['127.0.0.0', 8] as const],
  ...[['169.254.0.0', 16] as const, ['172.16.0.0', 12] as const, ['192.0.0.0', 24] as const],
  ...[['192.168.0.0', 16] as const, ['198.18.0.0', 15] as const, ['224.0.0.0', 4] as const],
  ['240.0.0.0', 4] as const,
])
  blocked.addSubnet(net, prefix, 'ipv4')
// 64:ff9b::, 2001:: and 2002:: hold addresses of IPv4, of any network.
for (const [net, prefix] of [
  ...[['::', 127] as const, ['64:ff9b::', 32] as const, ['2001::', 32] as const, ['2002::', 16] as const],
  ...[['fc00::', 7] as const, ['fe80::', 10] as const, ['fec0::', 10] as const, ['ff00::', 8] as const],
])
  blocked.addSubnet(net, prefix, 'ipv6')

/** Whether an address leads to this machine, its networks or its cloud, and not to the Internet. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address)
  return family === 0 || blocked.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** What a connection to such an address fails with. */
export class PrivateAddress extends Error {}

/** Looks a name up, and refuses it where it leads to a private address; asked at each connection, so that no later answer helps. */
export const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, options, (error, address, family) => {
    if (error !== null) return callback(error, address, family)
    const found = Array.isArray(address) ? address.map((each) => each.address) : [address]
    if (found.some(isPrivateAddress)) return callback(new PrivateAddress('it has a private address'), address, family)
    callback(null, address, family)
  })
}
