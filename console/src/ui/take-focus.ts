/**
 * Gives an element the focus when it appears, as its `ref`. Of the attribute `autofocus` a browser complains when
 * somebody was faster, and a dialog that loads what is in it has no use for it.
 */
export function takeFocus(element: HTMLElement | null): void {
  // By then the dialog around it is open, and the page's heading has been told.
  queueMicrotask(() => element?.focus())
}
