// At which values an answer's levers stood: read from the scenarios of its run and of those that fed it.
import type { Service } from '../../api/analysis';
import { getRun, getScenario } from '../../api/client';
import type { Override } from '../../api/types';

/** Lever → value, of those that differ from the service's own scenario. */
export async function leversOf(service: Service, run: string): Promise<Record<string, unknown>> {
  const byModel = await chain(run);
  const moved: Record<string, unknown> = {};
  for (const lever of service.levers) {
    const overrides = byModel.get(lever.model);
    if (!overrides) continue;
    const used = overrides.find((one) => one.measure === lever.measure);
    const value = used ? (used.parameters[lever.parameter] ?? lever.default) : null;
    if (value !== lever.default) moved[lever.name] = value;
  }
  return moved;
}

async function chain(run: string): Promise<Map<string, Override[]>> {
  const found = new Map<string, Override[]>();
  const open = [run];
  while (open.length > 0) {
    const one = await getRun(open.pop()!);
    if (found.has(one.model)) continue;
    found.set(one.model, await getScenario(one.scenario).then(({ overrides }) => overrides).catch(() => []));
    open.push(...Object.values(one.upstream ?? {}));
  }
  return found;
}
