/** Where several processes share a log in a database. */
export const pairProperties = {
  role: {
    enum: ['single', 'leader', 'follower', 'starting'],
    description: 'Whether this process decides, or passes decisions on to the one that does.',
  },
  leader: { type: ['string', 'null'], description: 'The URL of the process that decides, where that is known.' },
} as const

/** What a probe that succeeds is answered. */
export function statusSchema(status: string): object {
  return {
    type: 'object',
    properties: {
      status: { const: status },
      ...pairProperties,
      model: { type: ['string', 'null'], description: 'Null where rules and lists alone decide.' },
    },
    required: ['status'],
  }
}
