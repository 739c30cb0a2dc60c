import type { FastifyReply } from 'fastify'

/** Answers with what is in force, and with its version, by which a change can say what it is a change of. */
export function sendPolicy<Answer extends { readonly version: number }>(
  reply: FastifyReply,
  answer: Answer,
): FastifyReply {
  return reply.headers({ 'cache-control': 'no-store', etag: `"${answer.version}"` }).send(answer)
}
