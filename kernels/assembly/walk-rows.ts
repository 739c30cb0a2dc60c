// Many rows down a tree. A node is 16 bytes: f64 threshold; u32 distance of its left child from the first node, behind
// which the right one stands; u32 bytes from a row's first value to the one that the node looks at, plus 1 where a
// missing value goes right. A leaf goes to itself: it has itself as left child, and no value is over its threshold.

const nodeShift: u32 = 4

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function childOf(nodes: usize, node: u32, row: usize): u32 {
  const at = nodes + <usize>node
  const split = load<u32>(at, 12)
  const x = load<f64>(row + <usize>(split & ~1))
  // In arithmetic, since half of all branches surprise.
  const goesRight = u32(!(x <= load<f64>(at))) & (u32(x == x) | split)
  return load<u32>(at, 8) + (goesRight << nodeShift)
}

/**
 * Writes for each of `count` rows, a multiple of 8, the leaf that it reaches from `root`: its distance from the first
 * node, u32 each. Eight rows go down side by side, so that none waits for another's memory, until none moves.
 */
export function walkRows(nodes: usize, root: u32, rows: usize, rowBytes: usize, count: usize, leaves: usize): void {
  for (let i: usize = 0; i < count; i += 8) {
    const rowA = rows + i * rowBytes
    const rowB = rowA + rowBytes
    const rowC = rowB + rowBytes
    const rowD = rowC + rowBytes
    const rowE = rowD + rowBytes
    const rowF = rowE + rowBytes
    const rowG = rowF + rowBytes
    const rowH = rowG + rowBytes
    let a = root
    let b = root
    let c = root
    let d = root
    let e = root
    let f = root
    let g = root
    let h = root
    let moved: u32 = 1
    while (moved) {
      const nextA = childOf(nodes, a, rowA)
      const nextB = childOf(nodes, b, rowB)
      const nextC = childOf(nodes, c, rowC)
      const nextD = childOf(nodes, d, rowD)
      const nextE = childOf(nodes, e, rowE)
      const nextF = childOf(nodes, f, rowF)
      const nextG = childOf(nodes, g, rowG)
      const nextH = childOf(nodes, h, rowH)
      moved = (a ^ nextA) | (b ^ nextB) | (c ^ nextC) | (d ^ nextD) | (e ^ nextE) | (f ^ nextF) | (g ^ nextG) | (h ^ nextH)
      a = nextA
      b = nextB
      c = nextC
      d = nextD
      e = nextE
      f = nextF
      g = nextG
      h = nextH
    }
    const at = leaves + (i << 2)
    store<u32>(at, a)
    store<u32>(at, b, 4)
    store<u32>(at, c, 8)
    store<u32>(at, d, 12)
    store<u32>(at, e, 16)
    store<u32>(at, f, 20)
    store<u32>(at, g, 24)
    store<u32>(at, h, 28)
  }
}
