import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

interface PageProps {
  readonly title: string
  /** A line on what is here, where the title does not say it. */
  readonly intro?: ComponentChildren
  readonly actions?: ComponentChildren
  /** The pages above: title and address. */
  readonly above?: readonly (readonly [string, string])[]
  /** Whether it takes the window's height, with a table that scrolls by itself. */
  readonly fills?: boolean
  readonly children: ComponentChildren
}

/** The frame of each page: where it is, what it is called, what can be done. */
export function Page({ title, intro, actions, above = [], fills = false, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Shrike`
  }, [title])
  useLayoutEffect(() => {
    // What a reader comes to next after a link is the page that it opened.
    heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <div class={fills ? 'page fill' : 'page'}>
      <div class="page-head">
        <div>
          {above.length > 0 && (
            <nav class="crumbs" aria-label="Above">
              {above.map(([name, href]) => (
                <span key={href}>
                  <a href={href}>{name}</a> <span aria-hidden="true">/</span>
                </span>
              ))}
            </nav>
          )}
          <h1 tabIndex={-1} ref={heading}>
            {title}
          </h1>
          {intro !== undefined && <p>{intro}</p>}
        </div>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </div>
      {children}
    </div>
  )
}
