import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** How wide the inside of an element is, for what is drawn in it at one pixel for one. */
export function useWidth(): { readonly element: RefObject<HTMLDivElement | null>; readonly width: number } {
  const element = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(600)
  useLayoutEffect(() => {
    const { current } = element
    if (current === null) return undefined
    const measure = () => {
      const { paddingLeft, paddingRight } = getComputedStyle(current)
      setWidth(Math.max(120, current.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight)))
    }
    const observer = new ResizeObserver(measure)
    observer.observe(current)
    measure()
    return () => observer.disconnect()
  }, [])
  return { element, width }
}
