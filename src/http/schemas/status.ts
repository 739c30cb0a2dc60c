/** What a probe that succeeds is answered. */
export function statusSchema(status: string): object {
  return {
    type: 'object',
    properties: {
      status: { const: status },
      model: { type: ['string', 'null'], description: 'Null where rules and lists alone decide.' },
    },
    required: ['status'],
  }
}
