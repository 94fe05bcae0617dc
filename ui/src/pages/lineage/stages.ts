// Puts a lineage graph into columns: everything stands to the right of what it was made from.
import type { Lineage, LineageNode } from '../../api/types';

/** Length of the longest way to each node. Edges that would close a circle are passed over. */
function depths({ nodes, edges }: Lineage): Map<string, number> {
  const depth = new Map(nodes.map((node) => [node.id, 0]));
  for (let round = 0; round < nodes.length; round++) {
    let moved = false;
    for (const [from, to] of edges) {
      const wanted = (depth.get(from) ?? 0) + 1;
      if (depth.has(from) && depth.has(to) && depth.get(to)! < wanted && wanted < nodes.length) {
        depth.set(to, wanted);
        moved = true;
      }
    }
    if (!moved) break;
  }
  return depth;
}

export function stages(lineage: Lineage): LineageNode[][] {
  const depth = depths(lineage);
  const columns: LineageNode[][] = [];
  for (const node of lineage.nodes) (columns[depth.get(node.id) ?? 0] ??= []).push(node);
  return columns.filter((column) => column?.length);
}
