// A what-if while it is being built: overrides with undo, the server's live check, saving and running.
import { checkScenario, createScenario, startRun, updateScenario } from '../../api/client';
import type { Check, Measure, Model, Override, Parameter, Run, Scenario, ScenarioDraft, Target, Where } from '../../api/types';
import { t } from '../../i18n';
import { preferences } from '../../state/preferences.svelte';

const STORED = 'sympolis.draft';
const CHECK_DELAY_MS = 300;
const UNDO_STEPS = 50;

export const targetOf = (where: Where): Target =>
  where.polygon ? 'polygon' : where.area ? 'area' : where.features ? 'features' : 'segments';
export const hasTarget = (where: Where): boolean => !!(where.polygon || where.area || where.segments?.length || where.features?.length);
/** Targets that are lists of ids. */
export type Listed = 'segments' | 'features';

/** What the form starts with: uncertain parameters are left out, so that the ensemble samples them. */
export function defaults(parameters: Parameter[]): Record<string, unknown> {
  const fixed = parameters.filter((parameter) => !parameter.plausible && parameter.default !== null);
  return Object.fromEntries(fixed.map((parameter) => [parameter.name, parameter.default]));
}

export class Draft {
  model = $state.raw<Model>()!;
  title = $state('');
  question = $state('');
  overrides = $state<Override[]>([]);
  startHour = $state(8);
  endHour = $state(9);
  saved = $state.raw<Scenario | null>(null);
  check = $state.raw<Check | null>(null);
  /** The override that a click on the map changes. */
  active = $state(0);
  #past = $state.raw<string[]>([]);
  #future = $state.raw<string[]>([]);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: Model) {
    this.model = model;
  }

  /** Ask another model: its measures are others, so the overrides start anew. */
  turnTo(model: Model) {
    if (model.id === this.model.id) return;
    this.model = model;
    this.overrides = [];
    this.#past = this.#future = [];
    this.active = 0;
    [this.startHour, this.endHour] = model.hours_matter ? [8, 9] : [0, 24];
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  measure(name: string): Measure | undefined {
    return this.model.measures.find((measure) => measure.name === name);
  }

  /** Change the overrides as one step that can be undone. */
  edit(change: (overrides: Override[]) => void) {
    this.#past = [...this.#past.slice(-UNDO_STEPS), JSON.stringify(this.overrides)];
    this.#future = [];
    change(this.overrides);
    this.active = Math.min(this.active, Math.max(0, this.overrides.length - 1));
  }

  undo() {
    const last = this.#past.at(-1);
    if (last === undefined) return;
    this.#future = [...this.#future, JSON.stringify(this.overrides)];
    this.#past = this.#past.slice(0, -1);
    this.overrides = JSON.parse(last);
  }

  redo() {
    const next = this.#future.at(-1);
    if (next === undefined) return;
    this.#past = [...this.#past, JSON.stringify(this.overrides)];
    this.#future = this.#future.slice(0, -1);
    this.overrides = JSON.parse(next);
  }

  add() {
    const [measure] = this.model.measures;
    this.edit((all) => all.push({ measure: measure.name, where: {}, parameters: defaults(measure.parameters) }));
    this.active = this.overrides.length - 1;
  }

  remove(index: number) {
    this.edit((all) => all.splice(index, 1));
  }

  setMeasure(index: number, name: string) {
    const measure = this.measure(name);
    if (!measure) return;
    this.edit((all) => {
      const keeps = measure.targets.includes(targetOf(all[index].where));
      all[index] = { measure: name, where: keeps ? all[index].where : {}, parameters: defaults(measure.parameters) };
    });
  }

  setWhere(index: number, where: Where) {
    this.edit((all) => (all[index].where = where));
  }

  setParameter(index: number, name: string, value: unknown) {
    this.edit((all) => {
      if (value === undefined) delete all[index].parameters[name];
      else all[index].parameters[name] = value;
    });
  }

  toggle(index: number, target: Listed, ids: string[]) {
    const present = this.overrides[index].where[target] ?? [];
    const all = ids.every((id) => present.includes(id));
    this.setWhere(index, { [target]: all ? present.filter((id) => !ids.includes(id)) : [...new Set([...present, ...ids])] });
  }

  /** A measure without targets applies everywhere. */
  #placed(override: Override): boolean {
    return this.measure(override.measure)?.targets.length === 0 || hasTarget(override.where);
  }

  /** As the server takes it. Other languages of a stored scenario's texts are kept. */
  get body(): ScenarioDraft {
    const language = preferences.language;
    return {
      title: { ...this.saved?.title, [language]: this.title.trim() },
      question: { ...this.saved?.question, [language]: this.question.trim() },
      model: this.model.id,
      overrides: $state.snapshot(this.overrides) as Override[],
      window: { start_hour: this.startHour, end_hour: this.endHour },
      base: this.saved?.base ?? 'baseline',
    };
  }

  /** Take up a stored scenario; a built-in one is read-only, so it is forked. */
  load(scenario: Scenario) {
    const own = !scenario.builtin;
    const text = (map: Record<string, string | undefined>) => map[preferences.language] ?? Object.values(map)[0] ?? '';
    this.saved = own ? scenario : null;
    this.title = own ? text(scenario.title) : t('copyOf', { title: text(scenario.title) });
    this.question = text(scenario.question);
    this.overrides = structuredClone(scenario.overrides);
    this.startHour = scenario.window.start_hour;
    this.endHour = scenario.window.end_hour;
  }

  /** Ask the server, a moment after the last change, what it makes of this. */
  checkSoon() {
    const body = this.body;
    clearTimeout(this.#timer);
    if (body.overrides.length === 0 || !body.overrides.every((override) => this.#placed(override))) {
      this.check = null;
      return;
    }
    this.#timer = setTimeout(async () => {
      const wanted = JSON.stringify(body);
      const named = this.title.trim() ? body : { ...body, title: { [preferences.language]: t('newScenario') } }; // a name may come last
      const check = await checkScenario(named).catch(() => null);
      if (wanted === JSON.stringify(this.body)) this.check = check;
    }, CHECK_DELAY_MS);
  }

  async save(): Promise<Scenario> {
    const body = this.body;
    this.saved = this.saved
      ? await updateScenario(this.saved.id, { ...body, version: this.saved.version })
      : await createScenario(body);
    this.forget();
    return this.saved;
  }

  async run(): Promise<Run> {
    const scenario = await this.save();
    return startRun(scenario.id);
  }

  /** Keep an unsaved draft over a reload. */
  remember() {
    if (this.saved || this.overrides.length === 0) return;
    sessionStorage.setItem(STORED, JSON.stringify(this.body));
  }

  recall() {
    const text = sessionStorage.getItem(STORED);
    if (!text) return;
    const stored = JSON.parse(text) as ScenarioDraft;
    if (stored.model !== this.model.id) return;
    this.title = Object.values(stored.title)[0] ?? '';
    this.question = Object.values(stored.question)[0] ?? '';
    this.overrides = stored.overrides;
    this.startHour = stored.window.start_hour;
    this.endHour = stored.window.end_hour;
  }

  forget() {
    sessionStorage.removeItem(STORED);
  }
}
