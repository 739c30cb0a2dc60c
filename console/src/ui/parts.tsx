import { at, path, place } from '../shell/place.ts'

interface Part<Name extends string> {
  readonly name: Name
  readonly title: string
}

/** Which part of a page the address names; its first one where it names none. */
export function partInForce<Of extends Part<string>>(parts: readonly Of[]): Of {
  const wanted = place.value.query.get('part')
  return parts.find(({ name }) => name === wanted) ?? parts[0]
}

/** The parts of a page as links, so that each can be sent to a colleague and the browser's back leads between them. */
export function PartLinks({ label, parts }: { readonly label: string; readonly parts: readonly Part<string>[] }) {
  const { name: chosen } = partInForce(parts)
  const segments = path.value.split('/').filter((segment) => segment !== '')
  return (
    <nav class="row wrap parts" aria-label={label}>
      {parts.map(({ name, title }) => (
        <a
          key={name}
          class="button quiet"
          href={at(segments, { part: name })}
          aria-current={name === chosen ? 'page' : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  )
}
