// Puts a lineage graph into columns: everything stands to the right of what it was made from. A source, its dataset and
// its mapping follow each other without a fork; they share one card, so that the columns show where the ways meet.
import type { Lineage, LineageNode } from '../../api/types';

/** Nodes that follow each other without a fork; mostly just one. */
export interface Step {
  nodes: LineageNode[];
  parents: LineageNode[];
}

const DATA: LineageNode['kind'][] = ['source', 'dataset', 'mapping'];

type Links = Map<string, string[]>;

function links(edges: Lineage['edges'], from: 0 | 1, to: 0 | 1): Links {
  const found: Links = new Map();
  for (const edge of edges) found.set(edge[from], [...(found.get(edge[from]) ?? []), edge[to]]);
  return found;
}

/** The chain that begins at a node: on as long as there is one way on, and no other way in. */
function chainFrom(node: LineageNode, byId: Map<string, LineageNode>, children: Links, parents: Links): LineageNode[] {
  const chain = [node];
  for (;;) {
    const [next, ...others] = children.get(chain[chain.length - 1].id) ?? [];
    const found = next ? byId.get(next) : undefined;
    const joins = found && others.length === 0 && parents.get(next)?.length === 1 && DATA.includes(found.kind);
    if (!joins || !DATA.includes(chain[0].kind) || chain.includes(found)) return chain;
    chain.push(found);
  }
}

function chains(lineage: Lineage): LineageNode[][] {
  const byId = new Map(lineage.nodes.map((node) => [node.id, node]));
  const [children, parents] = [links(lineage.edges, 0, 1), links(lineage.edges, 1, 0)];
  const inner = new Set<string>();
  const all = lineage.nodes.map((node) => chainFrom(node, byId, children, parents));
  for (const chain of all) for (const node of chain.slice(1)) inner.add(node.id);
  return all.filter(([first]) => !inner.has(first.id));
}

/** Length of the longest way to each chain. Edges that would close a circle are passed over. */
function depths(count: number, edges: [number, number][]): number[] {
  const depth = new Array<number>(count).fill(0);
  for (let round = 0; round < count; round++) {
    let moved = false;
    for (const [from, to] of edges) {
      if (depth[to] <= depth[from] && depth[from] + 1 < count) {
        depth[to] = depth[from] + 1;
        moved = true;
      }
    }
    if (!moved) break;
  }
  return depth;
}

export function stages(lineage: Lineage): Step[][] {
  const all = chains(lineage);
  const home = new Map(all.flatMap((chain, i) => chain.map((node) => [node.id, i] as const)));
  const edges = lineage.edges.flatMap(([from, to]): [number, number][] => {
    const [a, b] = [home.get(from), home.get(to)];
    return a === undefined || b === undefined || a === b ? [] : [[a, b]];
  });
  const depth = depths(all.length, edges);
  const columns: Step[][] = [];
  all.forEach((nodes, i) => {
    const parents = edges.filter(([, to]) => to === i).map(([from]) => all[from][0]);
    (columns[depth[i]] ??= []).push({ nodes, parents });
  });
  return columns.filter((column) => column?.length);
}
