// Stories of the city: views in an order, each with what it shows.
import { get, part } from './client';
import type { Text } from './types';

export interface Story {
  id: string;
  title: Text;
  lead: Text;
  steps: { title: Text; text: Text; view: string }[];
}

export const listStories = async () => (await get<{ stories: Story[] }>('stories')).stories;
export const getStory = (id: string) => get<Story>(`stories/${part(id)}`);
