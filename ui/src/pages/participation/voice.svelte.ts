// Who speaks on this page: the link somebody came with, for as long as the tab is open, or their account.
import { makeLinks, speakWith } from '../../api/participating';
import { meState } from '../../state/me.svelte';

const KEPT = 'sympolis.voice.';

class VoiceState {
  token = $state('');

  /** Take the token out of the address before anybody copies it; without one, take the one of this tab. */
  enter(project: string, given: string | undefined) {
    if (given) sessionStorage.setItem(KEPT + project, given);
    this.#speak(sessionStorage.getItem(KEPT + project) ?? '');
  }

  /** A fresh voice for the next person at a table that all share. */
  async renew(project: string): Promise<void> {
    sessionStorage.removeItem(KEPT + project);
    this.#speak('');
    if (!meState.may('participation.moderate')) return;
    const { links } = await makeLinks(project, 1, 1);
    this.#speak(links[0].split('voice=')[1]);
  }

  get may(): boolean {
    return this.token !== '' || meState.may('participation.write');
  }

  #speak(token: string) {
    this.token = token;
    speakWith(token);
  }
}

export const voice = new VoiceState();
