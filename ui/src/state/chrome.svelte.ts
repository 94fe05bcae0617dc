// What a page puts into the header: its title and its tools.
import type { Snippet } from 'svelte';

class Chrome {
  title = $state('');
  tools = $state.raw<Snippet | null>(null);
}

export const chrome = new Chrome();
