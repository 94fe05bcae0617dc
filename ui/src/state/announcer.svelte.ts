// One place for short messages, so that screen readers hear them once.

const SHOWN_MS = 4000;

class Announcer {
  text = $state('');
}

export const announcer = new Announcer();
let timer: ReturnType<typeof setTimeout> | undefined;

export function announce(text: string) {
  announcer.text = text;
  clearTimeout(timer);
  timer = setTimeout(() => (announcer.text = ''), SHOWN_MS);
}
