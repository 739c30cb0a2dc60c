/** A message of server-sent events; one that only has an id moves the place. */
export interface StreamMessage {
  readonly id: string | undefined
  readonly event: string | undefined
  readonly data: string | undefined
}

/** @param heard called whenever anything comes. */
export async function* readMessages(
  body: ReadableStream<Uint8Array> | null,
  heard: () => void,
): AsyncGenerator<StreamMessage> {
  if (body === null) return
  // Not every browser can iterate over a stream.
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      heard()
      rest += decoder.decode(value, { stream: true })
      for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
        yield parseMessage(rest.slice(0, end))
        rest = rest.slice(end + 2)
      }
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function parseMessage(text: string): StreamMessage {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const end = line.indexOf(':')
    if (end > 0) fields.set(line.slice(0, end), line.slice(end + 1).replace(/^ /, ''))
  }
  return { id: fields.get('id'), event: fields.get('event'), data: fields.get('data') }
}
